// What there is to know about one row: of the run, a step, an attempt, a wait, a hook or a child.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { role, told, type Problem } from "../api.ts";
import { waking } from "../parts/commands.ts";
import { Payload, View } from "../parts/json.tsx";
import { Resume, Wrong } from "../parts/resume.tsx";
import { Badge, Copy, RunLink, When } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { pathOf } from "../router.ts";
import { Verdict } from "../talk/verdict.tsx";
import { exact, length, tick, time } from "../time.ts";
import type { HookInfo, RunInfo } from "../types.ts";
import { around } from "./around.ts";
import { isOpen, rootOf, type Entry, type ErrorText, type Log } from "./model.ts";
import type { Row } from "./rows.ts";
import { leftOf } from "./trace.tsx";
import { useWhole } from "./whole.ts";

interface PanelProps {
  row: Row;
  log: Log;
  run: RunInfo;
  close: () => void;
  wake: () => Promise<void>;
  choose: (id: string) => void;
  toEvent: (position: number) => void;
}

export function Panel({ row, log, run, close, wake, choose, toEvent }: PanelProps) {
  const { entry } = row;
  const attempt = row.attempt;
  // Of a step with several attempts, what is told of each stands with it.
  const made = attempt ?? (entry.attempts.length === 1 ? entry.attempts[0] : undefined);
  const error = attempt ? attempt.error : entry.error;
  const from = attempt?.from ?? entry.from;
  const to = attempt ? attempt.to : entry.to;
  const positions = entry.kind === "run" ? [0, log.events.length - 1] : entry.positions;
  const whole = (of: readonly number[], field: string) => {
    const held = log.held(of, field);
    return held && `${pathOf(run.id)}/events/${held}`;
  };
  return (
    <aside class="panel" aria-label="Details">
      <header>
        <h2 class="mono">{entry.name}{attempt ? `, attempt ${attempt.number}` : ""}</h2>
        {entry.kind !== "run" && <button class="quiet close" type="button" aria-label="Close" onClick={close}>✕</button>}
      </header>
      {entry.kind !== "run" && <p><Badge status={attempt?.error ? "failed" : entry.state} /> <span class="dim">{entry.kind} {entry.id}</span></p>}
      {entry.kind === "hook" && isOpen(entry) && <OpenHook run={run} entry={entry} />}
      {isOpen(entry) && entry.kind === "wait" && <OpenWait run={run} entry={entry} wake={wake} />}
      {error && <Part title="Error"><WholeTrouble error={error} run={run} /></Part>}
      {entry.kind !== "branch" && <Around row={row} log={log} run={run} choose={choose} />}
      {entry.remark && <p>{entry.remark}</p>}
      {entry.child && <p>Child run <RunLink id={entry.child} whole /></p>}
      {entry.attempts.length > 1 && !attempt && <Part title="Attempts"><Attempts entry={entry} /></Part>}
      {(entry.kind === "run" || (entry.kind === "step" && entry.positions.length > 0)) && <Part title="Input"><Payload value={argumentsOf(entry)} name={`${entry.name}-input`} whole={whole(positions, "input")} /></Part>}
      {entry.result !== undefined && <Part title="Output"><Payload value={entry.result} name={`${entry.name}-output`} whole={whole(positions, "result")} /></Part>}
      {entry.kind === "run" && entry.result === undefined && run.status === "completed" && <Part title="Output"><p class="dim">None</p></Part>}
      {entry.received.length > 0 && <Part title="Received"><Payload value={entry.received.length === 1 ? entry.received[0]! : entry.received} name={`${entry.name}-received`} whole={whole(positions, "payload")} /></Part>}
      <Part title="Times">
        <dl>
          {made && made.asked < made.from && <><dt>Queued</dt><dd>{length(made.from - made.asked)} <span class="dim">since {exact(made.asked)}</span></dd></>}
          <dt>Began</dt><dd>{exact(from)}</dd>
          {entry.kind !== "run" && <><dt>After</dt><dd>{length(from - beginning(run))}</dd></>}
          {to !== null && <><dt>Ended</dt><dd>{exact(to)}</dd><dt>Took</dt><dd>{length(to - from)}</dd></>}
          {entry.until && <><dt>{entry.kind === "hook" ? "Expires" : "Until"}</dt><dd>{exact(entry.until)}</dd></>}
          {made?.worker && <><dt>Worker</dt><dd class="mono">{made.worker}</dd></>}
          {entry.line && <><dt>Line</dt><dd class="mono">{entry.line}</dd></>}
          {entry.positions.length > 0 && (
            <><dt>Log</dt><dd>{entry.positions.slice(0, 20).map((one) => <button key={one} type="button" class="quiet" onClick={() => toEvent(one)}>#{one} {log.events[one]?.kind}</button>)}</dd></>
          )}
          {entry.kind === "run" && run.worker && <><dt>Worker</dt><dd class="mono">{run.worker}</dd></>}
          {entry.kind === "run" && <><dt>Version</dt><dd class="mono">{run.version}</dd><dt>Queue</dt><dd>{run.queue}</dd><dt>Log</dt><dd>{run.events.toLocaleString()} {run.events === 1 ? "event" : "events"}</dd></>}
        </dl>
      </Part>
    </aside>
  );
}

const beginning = (run: RunInfo): number => time(run.created_at);

/** What happened around a failure: what was over before, what went on meanwhile, what came then. */
function Around({ row, log, run, choose }: { row: Row; log: Log; run: RunInfo; choose: (id: string) => void }) {
  const centre = row.entry.kind === "run" ? (run.status === "failed" ? log.failure() : undefined) : row.entry.state === "failed" || row.attempt?.error ? row.entry : undefined;
  if (!centre) return null;
  const seen = around(centre, log.timeline(run));
  return (
    <Part title="Around the failure">
      <ol class="around">
        {seen.map(({ when, entry, at }) => (
          <li key={entry.id} class={entry === centre ? "centre" : ""}>
            <span class="num dim">{at < 0 ? "−" : "+"}{length(Math.abs(at))}</span>
            <button type="button" class="quiet" onClick={() => choose(entry.id)}><i class={`kind ${entry.kind} ${entry.state}`} aria-hidden="true" /> {entry.name}</button>
            <span class="dim">{entry === centre ? entry.error?.name ?? "failed" : when === "meanwhile" && isOpen(entry) ? "still going on" : `${entry.state}${when === "meanwhile" ? " meanwhile" : ""}`}</span>
          </li>
        ))}
      </ol>
    </Part>
  );
}

/** `{"args": [], "kwargs": {...}}` without what is empty. */
function argumentsOf({ input }: Entry) {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const { args, kwargs } = input;
  const noArgs = Array.isArray(args) && !args.length;
  const noNames = typeof kwargs === "object" && kwargs !== null && !Object.keys(kwargs).length;
  if (noNames && Array.isArray(args)) return args.length === 1 ? args[0] : args;
  return noArgs ? kwargs : input;
}

/** Causes that are shown, and members of a group. */
const DEEPEST = 8;

const Part = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section class="part"><h3>{title}</h3>{children}</section>
);

function WholeTrouble({ error, run }: { error: ErrorText; run: RunInfo }) {
  return <Trouble error={useWhole(error, run) ?? error} />;
}

const LIBRARY = /[\\/](site-packages|dist-packages|lib[\\/]python[\d.]+)[\\/]|[\\/]outlast[\\/]_\w+[\\/]|^</;

/** The innermost frame of the user's own code; of a library's, if there is no other. */
function raisingFrame(traceback: string) {
  const frames = [...traceback.matchAll(/File "([^"]+)", line (\d+), in (\S+)\n[\s|]+(.+)/g)];
  return frames.findLast(([, file]) => !LIBRARY.test(file!)) ?? frames.at(-1);
}

/** An error, the line that raised it, and what it was raised from. */
export function Trouble({ error, depth = 0, member = false }: { error: ErrorText; depth?: number; member?: boolean }) {
  const { members } = error;
  const frame = raisingFrame(members.length ? error.traceback.split("+-+-")[0]! : error.traceback);
  return (
    <div class="trouble">
      <p>{depth > 0 && <span class="dim">{member ? "in it " : "caused by "}</span>}<b class="mono bad">{error.name}</b> {error.message}</p>
      {frame && <p class="mono source"><span class="dim">{frame[1]}:{frame[2]} in {frame[3]}</span><br />{frame[4]}</p>}
      {error.traceback && <details open={depth === 0 && !error.cause && !members.length}><summary>Traceback</summary><pre tabIndex={0} aria-label="Traceback">{error.traceback.trimEnd()}</pre><Copy text={error.traceback} label="Copy traceback" /></details>}
      {error.cause && depth < DEEPEST && <Trouble error={error.cause} depth={depth + 1} />}
      {depth < DEEPEST && members.slice(0, DEEPEST).map((one, n) => <Trouble key={n} error={one} depth={depth + 1} member />)}
      {members.length > DEEPEST && <p class="dim">and {members.length - DEEPEST} more</p>}
      {error.cause && depth === DEEPEST && <><p class="dim">and so on, down to</p><Trouble error={rootOf(error)} depth={depth + 1} /></>}
    </div>
  );
}

const Attempts = ({ entry }: { entry: Entry }) => (
  <ul class="attempts">
    {entry.attempts.map((one, n) => (
      <li key={n}>
        <b>{one.number}</b> <span class="dim">{one.to === null ? "…" : length(one.to - one.from)}</span>{" "}
        {one.error ? <span class="bad">{one.error.name}: {one.error.message}</span> : one.lost ? <span class="bad">lost with its worker</span> : one.to === null ? "running" : <span class="good">completed</span>}
        {one.asked < one.from && <span class="dim">, queued {length(one.from - one.asked)}</span>}
        {one.worker && one.worker !== entry.attempts[n - 1]?.worker && <span class="dim"> on <span class="mono">{one.worker}</span></span>}
      </li>
    ))}
  </ul>
);

function OpenWait({ run, entry, wake }: { run: RunInfo; entry: Entry; wake: () => Promise<void> }) {
  const [problem, setProblem] = useState<Problem>();
  const press = () => wake().then(() => setProblem(undefined), (error: unknown) => setProblem(told(error)));
  return (
    <>
      <p class="row"><b>{leftOf(entry, tick.value)}</b>{role.value === "operate" && <><button type="button" onClick={() => void press()}>Wake now</button><Copy text={waking(run)} label="Copy command" /></>}</p>
      <Wrong problem={problem} />
    </>
  );
}

function OpenHook({ run, entry }: { run: RunInfo; entry: Entry }) {
  const may = role.value === "operate";
  const { value } = useAsked<{ hooks: HookInfo[] }>(may ? `hooks?run=${encodeURIComponent(run.id)}&limit=1000` : undefined, 5000);
  const hook = value?.hooks.find((one) => one.id === entry.id);
  if (!may) return <p>It waits for the outside.</p>;
  if (!hook) return <p class="dim">It waits for the outside.</p>;
  return (
    <Part title={String(hook.schema?.title ?? "Resume")}>
      {Object.keys(hook.metadata).length > 0 && <View value={hook.metadata} />}
      {hook.metadata.kind === "approval" ? <Verdict key={hook.token} hook={hook} /> : <Resume key={hook.token} hook={hook} done={() => undefined} />}
      <dl>
        <dt>Token</dt><dd class="mono">{hook.token} <Copy text={hook.token} label="Copy token" /></dd>
        {hook.url && <><dt>URL</dt><dd class="mono">{hook.url} <Copy text={hook.url} label="Copy URL" /></dd></>}
        <dt>Expires</dt><dd>{hook.expires_at ? <When at={hook.expires_at} /> : "never"}</dd>
      </dl>
    </Part>
  );
}
