// What goes on, or why it ended: to be read at once.
import type { ComponentChildren } from "preact";
import { role } from "../api.ts";
import { RunLink } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { change } from "../router.ts";
import { elapsed, length, tick, time } from "../time.ts";
import { argumentsText, titleOf } from "../parts/asked.ts";
import { isOpen, rootOf, type Entry, type Log } from "../trace/model.ts";
import { leftOf } from "../trace/trace.tsx";
import { useWhole } from "../trace/whole.ts";
import { isOver, mayWaitForMore, type HookInfo, type RunInfo, type WorkerInfo, type WorkflowEntry } from "../types.ts";

/** Things it waits for that are told; and characters of what an error says. */
const MOST = 4;
const LONGEST = 500;

interface NowProps {
  run: RunInfo;
  log: Log;
  /** Counts the changes of the log, which grows in place. */
  changes: number;
}

export function Now({ run, log, changes }: NowProps) {
  if (run.problem) return <Line look="bad"><b>Blocked</b> <span class="lines">{run.problem}</span></Line>;
  if (run.status === "failed" && log.error) return <WhyFailed log={log} run={run} />;
  if (run.status === "cancelled") return <Line look="quiet"><b>Cancelled</b> {log.reason ?? ""}</Line>;
  if (isOver(run.status)) return null;
  if (run.status === "pending" && !run.waiting.length) return <Line look="quiet"><Queued run={run} /></Line>;
  return <GoingOn run={run} log={log} changes={changes} />;
}

const Line = ({ look, children }: { look: string; children: ComponentChildren }) => <section class={`now ${look}`} aria-label="Now">{children}</section>;

const show = (id: string) => change({ tab: undefined, at: undefined, row: id }, true);

/** The panel has all of it. */
const brief = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

function WhyFailed({ log, run }: { log: Log; run: RunInfo }) {
  const error = useWhole(log.error, run)!;
  const root = rootOf(error);
  const failure = log.failure();
  return (
    <Line look="bad">
      <p>
        <b>{error.name}</b> {brief(error.message)}
        {failure && <> <button type="button" class="quiet" onClick={() => show(failure.id)}>Go to the failure</button></>}
      </p>
      {root !== error && !error.message.includes(root.message) && <p><span class="dim">It began with</span> <b>{root.name}</b> {brief(root.message)}</p>}
    </Line>
  );
}

/** It waits for a worker; which may wait for ever, where nobody has its code. */
function Queued({ run }: { run: RunInfo }) {
  const { value } = useAsked<{ workflows: WorkflowEntry[] }>("workflows", 5000);
  const served = value?.workflows.find((one) => one.name === run.workflow);
  const lacks = !value ? "" : !served ? "no worker that is here has its code" : !(served.queues ?? [run.queue]).includes(run.queue) ? "no worker that is here takes from this queue" : "";
  const delay = run.due_at ? time(run.due_at) - tick.value : 0;
  if (delay > 1000) return <><b>Begins</b> in {length(delay)}</>;
  return <><b>Queued</b> in <span class="mono">{run.queue}</span> until a worker takes it{lacks && <>: <b>{lacks}</b></>}</>;
}

function GoingOn({ run, log }: NowProps) {
  const open = log.timeline(run).filter(isOpen).sort((a, b) => order(a) - order(b));
  const asks = role.value === "operate" && open.some((one) => one.kind === "hook");
  const { value } = useAsked<{ hooks: HookInfo[] }>(asks ? `hooks?run=${encodeURIComponent(run.id)}&limit=100` : undefined, 5000);
  if (!log.events.length) return null;
  if (!open.length) return run.status === "running" ? <Line look="running"><b>Running</b> the workflow's code</Line> : <Line look="quiet"><Queued run={run} /></Line>;
  const queues = new Map(run.waiting.map((one) => [one.id, one.queue]));
  const works = open.some((one) => one.kind === "step" && one.state === "running");
  return (
    <Line look={works ? "running" : ""}>
      {open.slice(0, MOST).map((one) => <p key={one.id}><Pending entry={one} queue={queues.get(one.id)} hook={value?.hooks.find((hook) => hook.id === one.id)} /></p>)}
      {open.length > MOST && <p class="dim">and {(open.length - MOST).toLocaleString()} {mayWaitForMore(run) && "or "}more</p>}
    </Line>
  );
}

/** What is being done comes before what is waited for. */
const order = ({ kind }: Entry): number => (kind === "step" ? 0 : 1);

/** Which attempt of a step is being made, where it is not the first one: a lost attempt gives its number to the next. */
function attemptOf({ attempts }: Entry): string {
  const lost = attempts.at(-2)?.lost;
  return attempts.length > 1 ? `, attempt ${attempts.at(-1)!.number}${lost ? " again" : ""}` : "";
}

/** Where a step lies; for ever, if nobody takes from there. */
function InQueue({ queue }: { queue: string }) {
  const { value } = useAsked<{ workers: WorkerInfo[] }>("workers", 5000);
  const lacks = value && !value.workers.some((one) => one.queues.includes(queue));
  return <> in <span class="mono">{queue}</span>{lacks && <>: <b>no worker that is here takes from this queue</b></>}</>;
}

/** One thing that a run waits for. */
function Pending({ entry, queue, hook }: { entry: Entry; queue: string | null | undefined; hook: HookInfo | undefined }) {
  const left = leftOf(entry, tick.value);
  const line = entry.line && <span class="mono dim">{entry.line}</span>;
  const name = <button type="button" class="quiet name-of" onClick={() => show(entry.id)}>{entry.name}</button>;
  const since = <span class="dim">for {elapsed(tick.value - entry.from)}</span>;
  switch (entry.kind) {
    case "step": {
      const failed = entry.attempts.findLast((one) => one.error)?.error;
      const verb = entry.state === "queued" ? "Queued" : entry.state === "retrying" ? "Retrying" : "Running";
      return <><b>{verb}</b> <span>{name}{entry.state === "queued" && queue && <InQueue queue={queue} />}{entry.state === "running" && attemptOf(entry)}{left && `, ${left}`}</span> {!left && since} {failed && <span class="bad">{failed.name}: {failed.message}</span>} {line}</>;
    }
    case "child":
      return <><b>Waiting for</b> child {name} {entry.child && <RunLink id={entry.child} />} {since} {line}</>;
    case "hook":
      return <><b>Waiting for</b> {hook ? <>{titleOf(hook)} <span class="dim">{argumentsText(hook.metadata)}</span></> : <>{name}</>} {left ? <span class="dim">{left}</span> : since} {line} {hook && <button type="button" onClick={() => show(entry.id)}>Answer…</button>}</>;
    default:
      return <><b>Waiting for</b> {name} {left} {line}</>;
  }
}
