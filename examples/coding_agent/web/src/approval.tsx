import { getToolName } from "ai";
import { use, useEffect, useId, useRef, useState } from "react";
import { Icon } from "./icons";
import { Inline } from "./markdown";
import { Context, commandOf, field, shownValue, type Call } from "./parts";

/** The agent waits until somebody says yes or no. It may take days, and servers may come and go. */
export function ApprovalCard({ part }: { part: Call }) {
  const { onAnswer } = use(Context);
  const [reason, setReason] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.id === "say") heading.current?.focus({ preventScroll: true });
  }, []);
  if (part.state !== "approval-requested") return null;
  const answer = (approved: boolean) => onAnswer(part.approval.id, approved, reason.trim() || undefined);
  return (
    <div className="approval" role="group" aria-labelledby={id}>
      <h3 id={id} ref={heading} tabIndex={-1}><Icon name="hand" /> Your approval is needed</h3>
      <Asked part={part} />
      <label>
        Reason <span className="faint">(optional, the agent reads it when you deny)</span>
        <input value={reason} onChange={(event) => setReason(event.target.value)} maxLength={500} autoComplete="off" />
      </label>
      <div className="buttons">
        <button className="primary" onClick={() => answer(true)}>Approve</button>
        <button className="danger" onClick={() => answer(false)}>Deny</button>
        <span className="faint">Nothing runs until you answer. It can take as long as you like.</span>
      </div>
    </div>
  );
}

function Asked({ part }: { part: Call }) {
  const command = commandOf(part.input);
  const question = field(part.input, "question");
  return (
    <>
      {typeof question === "string" && <p><Inline text={question} /></p>}
      {command ? (
        <>
          <p>The agent wants to run this in its sandbox:</p>
          <pre tabIndex={0} role="group" aria-label="The command"><code>{command}</code></pre>
        </>
      ) : (
        typeof question !== "string" && (
          <>
            <p>The agent wants to call <code>{getToolName(part)}</code>:</p>
            <pre tabIndex={0} role="group" aria-label="The arguments">{shownValue(part.input)}</pre>
          </>
        )
      )}
    </>
  );
}

/** What was decided. */
export function Verdict({ part }: { part: Call }) {
  if (part.state === "approval-requested" || part.approval?.approved === undefined) return null;
  const { approved, reason } = part.approval;
  return (
    <p className="verdict" data-approved={approved}>
      {approved ? "You have approved this." : "You have denied this."}
      {reason && <> Reason: “{reason}”</>}
    </p>
  );
}
