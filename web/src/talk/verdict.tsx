// Yes or no to a call of a tool: handed to the hook that waits for it.
import { useState } from "preact/hooks";
import { post, told, type Problem } from "../api.ts";
import { Resume, Wrong } from "../parts/resume.tsx";
import type { HookInfo } from "../types.ts";
import { isFields } from "./parts.ts";

export function Verdict({ hook }: { hook: HookInfo }) {
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [state, setState] = useState<"" | "sending" | "approved" | "denied">("");
  if (!isYesOrNo(hook)) return <Resume hook={hook} done={() => undefined} />;
  const send = async (approved: boolean) => {
    setState("sending");
    try {
      await post("hooks/resume", { token: hook.token, payload: { approved, reason: reason.trim() || null } });
      setState(approved ? "approved" : "denied");
    } catch (error) {
      setProblem(told(error));
      setState("");
    }
  };
  if (state === "approved" || state === "denied") return <p class="good" role="status">Recorded: {state}. The run goes on.</p>;
  return (
    <div class="verdict">
      <input type="text" aria-label="Reason" placeholder="Reason (the model reads it)" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      <button class="primary" type="button" disabled={state === "sending"} onClick={() => void send(true)}>Approve</button>
      <button class="danger" type="button" disabled={state === "sending"} onClick={() => void send(false)}>Deny</button>
      <Wrong problem={problem} />
    </div>
  );
}

/** Whether `{"approved": ..., "reason": ...}` is what it takes: that of `outlast.agents.Approval`. */
function isYesOrNo({ schema }: HookInfo): boolean {
  const known = isFields(schema?.properties) ? schema.properties : {};
  return isFields(known.approved) && isFields(known.reason);
}
