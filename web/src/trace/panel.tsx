// What there is to know about one row: of the run, a step, an attempt, a wait, a hook or a child.
import type { ComponentChildren } from "preact";
import { role } from "../api.ts";
import { Payload, View } from "../parts/json.tsx";
import { Resume } from "../parts/resume.tsx";
import { Badge, Copy, RunLink } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { exact, length, tick } from "../time.ts";
import type { HookInfo, RunInfo } from "../types.ts";
import { isOpen, type Entry, type ErrorText, type Log } from "./model.ts";
import type { Row } from "./rows.ts";
import { leftOf } from "./trace.tsx";

interface PanelProps {
  row: Row;
  log: Log;
  run: RunInfo;
  close: () => void;
  wake: () => void;
  toEvent: (position: number) => void;
}

export function Panel({ row, log, run, close, wake, toEvent }: PanelProps) {
  const { entry } = row;
  const attempt = row.attempt;
  const error = attempt ? attempt.error : entry.error;
  const from = attempt?.from ?? entry.from;
  const to = attempt ? attempt.to : entry.to;
  return (
    <aside class="panel" aria-label="Details">
      <header>
        <h2 class="mono">{entry.name}{attempt ? `, attempt ${attempt.number}` : ""}</h2>
        {entry.kind !== "run" && <button class="quiet close" type="button" aria-label="Close" onClick={close}>✕</button>}
      </header>
      {entry.kind !== "run" && <p><Badge status={attempt?.error ? "failed" : entry.state} /> <span class="dim">{entry.kind} {entry.id}</span></p>}
      {entry.kind === "hook" && isOpen(entry) && <OpenHook run={run} entry={entry} />}
      {isOpen(entry) && entry.kind === "wait" && (
        <p class="row"><b>{leftOf(entry, tick.value)}</b>{role.value === "operate" && <button type="button" onClick={wake}>Wake now</button>}</p>
      )}
      {error && <Part title="Error"><Trouble error={error} /></Part>}
      {entry.remark && <p>{entry.remark}</p>}
      {entry.child && <p>Child run <RunLink id={entry.child} whole /></p>}
      {entry.attempts.length > 1 && !attempt && <Part title="Attempts"><Attempts entry={entry} /></Part>}
      {(entry.kind === "step" || entry.kind === "run") && <Part title="Input"><Payload value={argumentsOf(entry)} name={`${entry.name}-input`} /></Part>}
      {entry.result !== undefined && <Part title="Output"><Payload value={entry.result} name={`${entry.name}-output`} /></Part>}
      {entry.kind === "run" && entry.result === undefined && run.status === "completed" && <Part title="Output"><p class="dim">None</p></Part>}
      {entry.received.length > 0 && <Part title="Received"><View value={entry.received.length === 1 ? entry.received[0]! : entry.received} /></Part>}
      <Part title="Times">
        <dl>
          <dt>Began</dt><dd>{exact(from)}</dd>
          {entry.kind !== "run" && <><dt>After</dt><dd>{length(from - beginning(run))}</dd></>}
          {to !== null && <><dt>Ended</dt><dd>{exact(to)}</dd><dt>Took</dt><dd>{length(to - from)}</dd></>}
          {entry.until && <><dt>{entry.kind === "hook" ? "Expires" : "Until"}</dt><dd>{exact(entry.until)}</dd></>}
          {entry.line && <><dt>Line</dt><dd class="mono">{entry.line}</dd></>}
          {entry.positions.length > 0 && (
            <><dt>Log</dt><dd>{entry.positions.slice(0, 20).map((one) => <button key={one} type="button" class="quiet" onClick={() => toEvent(one)}>#{one} {log.events[one]?.kind}</button>)}</dd></>
          )}
          {entry.kind === "run" && run.worker && <><dt>Worker</dt><dd class="mono">{run.worker}</dd></>}
          {entry.kind === "run" && <><dt>Version</dt><dd class="mono">{run.version}</dd><dt>Queue</dt><dd>{run.queue}</dd><dt>Log</dt><dd>{run.events.toLocaleString()} events</dd></>}
        </dl>
      </Part>
    </aside>
  );
}

const beginning = (run: RunInfo): number => Date.parse(run.created_at);

/** `{"args": [], "kwargs": {...}}` without what is empty. */
function argumentsOf({ input }: Entry) {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const { args, kwargs } = input;
  const noArgs = Array.isArray(args) && !args.length;
  const noNames = typeof kwargs === "object" && kwargs !== null && !Object.keys(kwargs).length;
  if (noNames && Array.isArray(args)) return args.length === 1 ? args[0] : args;
  return noArgs ? kwargs : input;
}

const Part = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section class="part"><h3>{title}</h3>{children}</section>
);

export function Trouble({ error }: { error: ErrorText }) {
  const frame = /File "([^"]+)", line (\d+)(?![\s\S]*File ")/.exec(error.traceback);
  return (
    <div class="trouble">
      <p><b class="mono">{error.name}</b> {error.message}</p>
      {frame && <p class="dim mono">{frame[1]}:{frame[2]}</p>}
      {error.traceback && <pre tabIndex={0} aria-label="Traceback">{error.traceback.trimEnd()}</pre>}
      {error.traceback && <Copy text={error.traceback} label="Copy traceback" />}
    </div>
  );
}

const Attempts = ({ entry }: { entry: Entry }) => (
  <ul class="attempts">
    {entry.attempts.map((one, n) => (
      <li key={n}>
        <b>{one.number}</b> <span class="dim">{one.to === null ? "…" : length(one.to - one.from)}</span>{" "}
        {one.error ? <span class="bad">{one.error.name}: {one.error.message}</span> : one.lost ? <span class="bad">lost with its worker</span> : one.to === null ? "running" : <span class="good">completed</span>}
      </li>
    ))}
  </ul>
);

function OpenHook({ run, entry }: { run: RunInfo; entry: Entry }) {
  const may = role.value === "operate";
  const { value } = useAsked<{ hooks: HookInfo[] }>(may ? `hooks?run=${run.id}&limit=1000` : undefined, 5000);
  const hook = value?.hooks.find((one) => one.id === entry.id);
  if (!may) return <p>It waits for the outside.</p>;
  if (!hook) return <p class="dim">It waits for the outside.</p>;
  return (
    <Part title={String(hook.schema?.title ?? "Resume")}>
      {Object.keys(hook.metadata).length > 0 && <View value={hook.metadata} />}
      <Resume key={hook.token} hook={hook} done={() => undefined} />
      <p class="row"><Copy text={hook.token} label="Copy token" />{hook.url && <Copy text={hook.url} label="Copy URL" />}</p>
    </Part>
  );
}
