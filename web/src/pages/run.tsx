// One run: what it is, what it does, and what to press.
import { useEffect, useRef, useState } from "preact/hooks";
import { follow, get, post, role, told, type Problem } from "../api.ts";
import { Actions } from "../parts/actions.tsx";
import { Attributes, Badge, Copy, Failed, Loading, RunLink, Took, waitingFor, When } from "../parts/small.tsx";
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
        <a href={href(`runs?parent=${run.id}`)}>children</a>
        <Attributes run={run} />
      </div>
      <Now run={run} log={log} />
    </header>
  );
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
        const [{ events }] = await Promise.all([get<{ events: EventRecord[] }>(`runs/${id}/events`), look()]);
        if (gone) return;
        log.add(events);
        setChanges(1);
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
