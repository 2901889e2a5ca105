// One run: what it is, what it does, and what to press.
import { useEffect, useRef, useState } from "preact/hooks";
import { follow, get, post, role, told, type Problem } from "../api.ts";
import { Actions } from "../parts/actions.tsx";
import { Attributes, Badge, Copy, Failed, Loading, RunLink, Took, waitingFor, When } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { change, href, place } from "../router.ts";
import { tick } from "../time.ts";
import { Log } from "../trace/model.ts";
import { Panel } from "../trace/panel.tsx";
import { rowsOf, type Row } from "../trace/rows.ts";
import { Trace } from "../trace/trace.tsx";
import { isOver, type EventRecord, type RunInfo } from "../types.ts";
import { Code } from "./code.tsx";
import { Events } from "./events.tsx";
import { Streams } from "./streams.tsx";

const TABS = ["timeline", "events", "streams", "code"] as const;
const NOTHING = { text: "", failures: false, folded: new Set<string>() };

export function RunPage({ id }: { id: string }) {
  const { run, log, changes, problem, again } = useRun(id);
  const [row, setRow] = useState<Row>();
  const { query } = place.value;
  const tab = TABS.find((one) => one === query.get("tab")) ?? "timeline";
  useEffect(() => {
    document.title = run ? `${run.workflow} ${run.status} · Outlast` : "Outlast";
    return () => void (document.title = "Outlast");
  }, [run?.status]);
  if (problem) return <Failed problem={problem} />;
  if (!run) return <Loading />;
  const root = rowsOf(log, run, NOTHING)[0]!;
  const current = row && row.key ? { ...row, entry: log.entries.get(row.entry.id) ?? log.timeline(run).find((one) => one.id === row.entry.id) ?? row.entry } : root;
  const act = (path: string, body: object = {}) => post(`runs/${id}/${path}`, body).then(again);
  return (
    <>
      <Head run={run} act={act} log={log} />
      <nav class="tabs" aria-label="Views of the run">
        {TABS.map((one) => <a key={one} href={href(`runs/${id}${one === "timeline" ? "" : `?tab=${one}`}`)} aria-current={one === tab ? "page" : undefined}>{one}</a>)}
      </nav>
      {tab === "timeline" && (
        <div class={`split${row?.key ? " chosen" : ""}`}>
          <Trace log={log} changes={changes} run={run} selected={row?.key ?? ""} select={setRow} />
          <Panel key={current.key} row={current} log={log} run={run} close={() => setRow(undefined)} wake={() => void act("wake")} toEvent={(position) => change({ tab: "events", at: String(position) })} />
        </div>
      )}
      {tab === "events" && <Events log={log} changes={changes} run={run} at={Number(query.get("at") ?? -1)} show={(position) => change({ at: String(position) }, true)} />}
      {tab === "streams" && <Streams run={run} />}
      {tab === "code" && <Code run={run} />}
    </>
  );
}

function Head({ run, act, log }: { run: RunInfo; act: (path: string, body?: object) => Promise<void>; log: Log }) {
  return (
    <header class="run-head">
      <div class="row">
        <Badge status={run.status} />
        <h1>{run.workflow}</h1>
        <span class="mono dim id">{run.id}</span><Copy text={run.id} />
        <span class="spring" />
        {role.value === "operate" && <Actions run={run} log={log} act={act} />}
        <Copy text={`outlast show ${run.id}`} label="Copy command" />
      </div>
      <div class="row facts">
        <span><span class="dim">started</span> <When at={run.created_at} /></span>
        <span><span class="dim">took</span> <Took run={run} /></span>
        {run.worker && <span><span class="dim">on</span> <span class="mono">{run.worker}</span></span>}
        <span><span class="dim">version</span> <span class="mono">{run.version}</span></span>
        {run.parent && <span><span class="dim">child of</span> <RunLink id={run.parent} /></span>}
        <Family run={run} />
        <Attributes run={run} />
      </div>
      <Now run={run} log={log} />
    </header>
  );
}

/** Its parents, and how many children it has. */
function Family({ run }: { run: RunInfo }) {
  const { value } = useAsked<{ runs: RunInfo[]; more: boolean }>(`runs/${run.id}/tree`, isOver(run.status) ? 0 : 10_000);
  const [open, setOpen] = useState(false);
  if (!value || value.runs.length < 2) return null;
  const depths = new Map<string, number>();
  for (const one of value.runs) depths.set(one.id, one.parent ? (depths.get(one.parent) ?? -1) + 1 : 0);
  return (
    <>
      <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "▾" : "▸"} {value.runs.length}{value.more ? "+" : ""} runs in its tree</button>
      {open && (
        <ul class="tree">
          {inTree(value.runs).map((one) => (
            <li key={one.id} style={{ paddingLeft: `${(depths.get(one.id) ?? 0) * 16}px` }}>
              <Badge status={one.status} /> {one.id === run.id ? <b>{one.workflow}</b> : one.workflow} <RunLink id={one.id} /> <span class="dim"><Took run={one} /></span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Each run before its children. */
function inTree(runs: RunInfo[]): RunInfo[] {
  const known = new Set(runs.map((one) => one.id));
  const below = (parent: RunInfo): RunInfo[] => [parent, ...runs.filter((one) => one.parent === parent.id).flatMap(below)];
  return runs.filter((one) => !one.parent || !known.has(one.parent)).flatMap(below);
}

/** The one line that says what goes on: what it waits for, or why it ended. */
function Now({ run, log }: { run: RunInfo; log: Log }) {
  if (run.problem) return <p class="now bad"><b>Blocked</b> {run.problem}</p>;
  if (run.status === "failed" && log.error) return <p class="now bad"><b>{log.error.name}</b> {log.error.message}</p>;
  if (run.status === "cancelled") return <p class="now"><b>Cancelled</b> {log.reason ?? ""}</p>;
  if (isOver(run.status)) return null;
  if (run.status === "pending") return <p class="now"><b>Queued</b> in {run.queue} until a worker takes it</p>;
  if (!run.waiting.length) {
    const open = [...log.entries.values()].filter((one) => one.state === "running" || one.state === "retrying");
    return open.length ? <p class="now"><b>Running</b> {open.slice(0, 3).map((one) => one.name).join(", ")}{open.length > 3 ? ` and ${open.length - 3} more` : ""}</p> : null;
  }
  return (
    <p class="now">
      <b>Waiting for</b>{" "}
      {run.waiting.slice(0, 4).map((one) => (
        <span key={one.id}>
          {one.kind === "hook" && !/^(web)?hook/.test(one.id.replace(/^.*\//, "")) ? "hook " : ""}{one.kind === "child" && one.on ? <>child <RunLink id={one.on} /></> : waitingFor(one, tick.value)}
          {one.line && <span class="mono dim"> {one.line}</span>}{" "}
        </span>
      ))}
      {run.waiting.length > 4 && <span class="dim">and {run.waiting.length - 4} more</span>}
    </p>
  );
}

interface Page {
  events: EventRecord[];
  next: number | null;
}

/** Bytes of a value, above which it is cut until somebody asks for it whole. */
const LONGEST = 20_000;

interface Followed {
  run: RunInfo | undefined;
  log: Log;
  changes: number;
  problem: Problem | undefined;
  again: () => Promise<void>;
}

/** The run and its log, first in one piece, then as they grow. */
function useRun(id: string): Followed {
  const log = useRef(new Log()).current;
  const [run, setRun] = useState<RunInfo>();
  const [changes, setChanges] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  const again = () => get<RunInfo>(`runs/${id}`).then(setRun);
  useEffect(() => {
    let stop = () => {};
    let gone = false;
    let drawing = 0;
    const draw = () => {
      drawing ||= requestAnimationFrame(() => {
        drawing = 0;
        setChanges((n) => n + 1);
      });
    };
    const look = () => get<RunInfo>(`runs/${id}`).then((found) => !gone && setRun(found));
    const begin = async (): Promise<void> => {
      try {
        await look();
        for (let next: number | null = 0; next !== null; ) {
          const page: Page = await get<Page>(`runs/${id}/events?start=${next}&limit=5000&longest=${LONGEST}`);
          if (gone) return;
          log.add(page.events);
          next = page.next;
          setChanges((n) => n + 1);
        }
        stop = follow(`runs/${id}/feed?start=${log.events.length}`, (messages) => {
          log.add(messages.filter((one) => one.name === "").map((one) => JSON.parse(one.data) as EventRecord));
          const end = messages.find((one) => one.name === "end");
          if (end) setRun(JSON.parse(end.data) as RunInfo);
          else void look().catch(() => undefined);
          draw();
        });
      } catch (error) {
        if (told(error).status) setProblem(told(error));
        else if (!gone) setTimeout(begin, 1000);
      }
    };
    void begin();
    // That a worker has taken it, or that it is suspended, is no event of its log.
    const timer = setInterval(() => { if (!document.hidden) setRun((now) => { if (now && !isOver(now.status)) void look().catch(() => undefined); return now; }); }, 2000);
    return () => {
      gone = true;
      stop();
      clearInterval(timer);
    };
  }, [id]);
  return { run, log, changes, problem, again };
}
