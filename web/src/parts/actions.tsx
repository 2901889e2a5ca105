// What may be pressed on the page of a run.
import { useState } from "preact/hooks";
import { get, post, told, type Problem } from "../api.ts";
import { go, pathOf } from "../router.ts";
import type { Log } from "../trace/model.ts";
import { isOver, type EventRecord, type Fields, type Json, type RunInfo } from "../types.ts";
import { cancelling, rerunning, waking } from "./commands.ts";
import { Dialog } from "./dialog.tsx";
import { isCut } from "./json.tsx";
import { Wrong } from "./resume.tsx";
import { JsonInput } from "./schema_form.tsx";
import { useSending } from "./sending.ts";
import { Copy } from "./small.tsx";

interface ActionsProps {
  run: RunInfo;
  log: Log;
  act: (path: string, body?: object) => Promise<void>;
}

export function Actions({ run, log, act }: ActionsProps) {
  const [asking, setAsking] = useState<"" | "cancel" | "rerun">("");
  const [problem, setProblem] = useState<Problem>();
  const wake = () => act("wake").then(() => setProblem(undefined), (error: unknown) => setProblem(told(error)));
  const sleeps = run.status === "blocked" || log.pending(run).some((one) => one.kind === "wait");
  return (
    <>
      {!isOver(run.status) && sleeps && <button type="button" title={waking(run)} onClick={() => void wake()}>Wake</button>}
      {!isOver(run.status) && <button type="button" onClick={() => setAsking("cancel")}>Cancel…</button>}
      <button type="button" onClick={() => setAsking("rerun")}>Rerun…</button>
      <Wrong problem={problem} />
      {asking === "cancel" && <Cancel run={run} act={act} close={() => setAsking("")} />}
      {asking === "rerun" && <Rerun run={run} log={log} close={() => setAsking("")} />}
    </>
  );
}

function Cancel({ run, act, close }: { run: RunInfo; act: ActionsProps["act"]; close: () => void }) {
  const [reason, setReason] = useState("");
  const { problem, busy, onSubmit } = useSending(async () => {
    await act("cancel", { reason: reason.trim() || null });
    close();
  });
  return (
    <Dialog title="Cancel this run?" close={close}>
      <form class="form" onSubmit={onSubmit}>
        <p>Its workflow gets a CancelledError where it waits, and may clean up.</p>
        <label class="field"><span>Reason<em> optional</em></span><input name="reason" type="text" autoComplete="off" value={reason} onInput={(event) => setReason(event.currentTarget.value)} /></label>
        <Wrong problem={problem} />
        <div class="row"><button class="danger" type="submit" disabled={busy}>Cancel the run</button><Copy text={cancelling(run, reason.trim())} label="Copy command" /></div>
      </form>
    </Dialog>
  );
}

function Rerun({ run, log, close }: { run: RunInfo; log: Log; close: () => void }) {
  const [input, setInput] = useState<Json | undefined>();
  const [unread, setUnread] = useState<Problem>();
  const [edits, setEdits] = useState(false);
  const edit = async () => {
    try {
      setInput(plain(isCut(log.input) ? await wholeInput(run) : (log.input ?? NO_INPUT)));
      setEdits(true);
    } catch (error) {
      setUnread(told(error));
    }
  };
  const { problem, busy, onSubmit } = useSending(async () => {
    const started = await post<RunInfo>(`${pathOf(run.id)}/rerun`, edits ? input : {});
    go(pathOf(started.id));
  });
  return (
    <Dialog title={`Run ${run.workflow} again`} close={close}>
      <form class="form" onSubmit={onSubmit}>
        <label class="field check"><span>Edit the input</span><input type="checkbox" checked={edits} onChange={() => (edits ? setEdits(false) : void edit())} /></label>
        {edits && <label class="field"><span>Input</span><JsonInput value={input} set={setInput} rows={12} /></label>}
        <Wrong problem={problem ?? unread} />
        <div class="row"><button class="primary" type="submit" disabled={busy || (edits && input === undefined)}>Start</button><Copy text={rerunning(run, edits ? input : undefined)} label="Copy command" /></div>
      </form>
    </Dialog>
  );
}

const NO_INPUT: Fields = { args: [], kwargs: {} };

/** The page has long inputs cut. */
const wholeInput = async (run: RunInfo): Promise<Json> => (await get<EventRecord>(`${pathOf(run.id)}/events/0`)).data.input ?? NO_INPUT;

/** Tagged values as plain ones: the arguments are checked against the workflow's types again. */
function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (value.$type === "object" && value.fields !== undefined) return plain(value.fields);
  if (Array.isArray(value.items) && ["tuple", "set", "frozenset"].includes(String(value.$type))) return value.items.map(plain);
  if (typeof value.value === "string" && ["datetime", "date", "time", "decimal", "uuid", "path"].includes(String(value.$type))) return value.value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}
