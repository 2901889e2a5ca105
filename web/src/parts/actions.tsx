// What may be pressed on the page of a run.
import { useState } from "preact/hooks";
import { post, told, type Problem } from "../api.ts";
import { go } from "../router.ts";
import type { Log } from "../trace/model.ts";
import { isOver, type Fields, type Json, type RunInfo } from "../types.ts";
import { Dialog } from "./dialog.tsx";
import { Wrong } from "./resume.tsx";
import { JsonInput } from "./schema_form.tsx";

interface ActionsProps {
  run: RunInfo;
  log: Log;
  act: (path: string, body?: object) => Promise<void>;
}

export function Actions({ run, log, act }: ActionsProps) {
  const [asking, setAsking] = useState<"" | "cancel" | "rerun">("");
  const sleeps = run.status === "blocked" || run.waiting.some((one) => one.kind === "wait");
  return (
    <>
      {!isOver(run.status) && sleeps && <button type="button" onClick={() => void act("wake").catch(() => undefined)}>Wake</button>}
      {!isOver(run.status) && <button type="button" onClick={() => setAsking("cancel")}>Cancel…</button>}
      <button type="button" onClick={() => setAsking("rerun")}>Rerun…</button>
      {asking === "cancel" && <Cancel act={act} close={() => setAsking("")} />}
      {asking === "rerun" && <Rerun run={run} log={log} close={() => setAsking("")} />}
    </>
  );
}

function Cancel({ act, close }: { act: ActionsProps["act"]; close: () => void }) {
  const [problem, setProblem] = useState<Problem>();
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    const reason = String(new FormData(event.target as HTMLFormElement).get("reason") ?? "").trim();
    try {
      await act("cancel", { reason: reason || null });
      close();
    } catch (error) {
      setProblem(told(error));
    }
  };
  return (
    <Dialog title="Cancel this run?" close={close}>
      <form class="form" onSubmit={send}>
        <p>Its workflow gets a CancelledError where it waits, and may clean up.</p>
        <label class="field"><span>Reason<em> optional</em></span><input name="reason" type="text" autoComplete="off" /></label>
        <Wrong problem={problem} />
        <button class="danger" type="submit">Cancel the run</button>
      </form>
    </Dialog>
  );
}

function Rerun({ run, log, close }: { run: RunInfo; log: Log; close: () => void }) {
  const given = (log.input ?? { args: [], kwargs: {} }) as Fields;
  const [input, setInput] = useState<Json | undefined>(given);
  const [problem, setProblem] = useState<Problem>();
  const [edits, setEdits] = useState(false);
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      const started = await post<RunInfo>(`runs/${run.id}/rerun`, edits ? input : {});
      go(`runs/${started.id}`);
    } catch (error) {
      setProblem(told(error));
    }
  };
  return (
    <Dialog title={`Run ${run.workflow} again`} close={close}>
      <form class="form" onSubmit={send}>
        <label class="field check"><span>Edit the input</span><input type="checkbox" checked={edits} onChange={() => setEdits(!edits)} /></label>
        {edits && <label class="field"><span>Input</span><JsonInput value={plain(given)} set={setInput} rows={12} /></label>}
        <Wrong problem={problem} />
        <button class="primary" type="submit">Start</button>
      </form>
    </Dialog>
  );
}

/** Objects of classes as their fields: the arguments are checked against the workflow's types again. */
function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (value.$type === "object" && value.fields !== undefined) return plain(value.fields);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}
