// The table of runs: filters in the URL, live on its first page, older ones by cursor.
import { useEffect, useRef, useState } from "preact/hooks";
import { follow, get, post, query, role, told, type Problem } from "../api.ts";
import { save } from "../parts/json.tsx";
import { Attributes, Badge, Empty, Failed, Loading, RunLink, Took, Waits, When } from "../parts/small.tsx";
import { change, go, href, place } from "../router.ts";
import { serverNow, time } from "../time.ts";
import { STATUSES, type RunInfo } from "../types.ts";
import { useAsked } from "../parts/use.ts";
import { BUCKETS, Chart, said, type Overview } from "./chart.tsx";

const LIMIT = 50;
const WINDOWS: readonly [string, number][] = [["1h", 3_600_000], ["24h", 86_400_000], ["7d", 604_800_000]];

interface Shown {
  runs: RunInfo[] | undefined;
  problem: Problem | undefined;
}

export function Runs() {
  const { query: params } = place.value;
  const path = filters(params);
  const cursor = params.get("cursor") ?? "";
  const { runs, problem } = useRuns(path, cursor);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const within = WINDOWS.find(([name]) => name === params.get("within"));
  const overview = useAsked<Overview>(`overview?buckets=${BUCKETS}${within ? `&created_from=${fromOf(within[1])}` : ""}`, 5000).value;
  const keys = useKeys(runs ?? []);
  return (
    <>
      <div class="row head">
        <h1>Runs</h1>
        {overview && <Chart overview={overview} within={within?.[0] ?? "24h"} />}
      </div>
      <Bar params={params} runs={runs ?? []} overview={overview} />
      {chosen.size > 0 && <Bulk chosen={chosen} clear={() => setChosen(new Set())} />}
      {problem ? <Failed problem={problem} /> : !runs ? <Loading /> : !runs.length ? <None filtered={path !== ""} older={cursor !== ""} /> : (
        <Table runs={runs} chosen={chosen} choose={setChosen} at={keys} />
      )}
      <nav class="row pager" aria-label="Pages of runs">
        {cursor ? <button type="button" onClick={() => change({ cursor: undefined })}>Newest</button> : <span class="live"><i aria-hidden="true" />live</span>}
        <span class="spring" />
        {(runs?.length ?? 0) >= LIMIT && <button type="button" onClick={() => older(path, cursor)}>Older</button>}
      </nav>
    </>
  );
}

function filters(params: URLSearchParams): string {
  const within = WINDOWS.find(([name]) => name === params.get("within"));
  return query({
    status: params.getAll("status"), workflow: params.getAll("workflow"), attribute: params.getAll("attribute"),
    version: params.getAll("version"), text: params.get("text") ?? undefined, sort: params.get("sort") ?? undefined,
    created_from: within && fromOf(within[1]), parent: params.get("parent") ?? undefined,
  });
}

/** In whole minutes, so that the same page has the same address for a while. */
const fromOf = (length: number): string => new Date(Math.floor((serverNow() - length) / 60_000) * 60_000).toISOString();

const and = (path: string, more: string): string => path + (path ? "&" : "?") + more;

async function older(path: string, cursor: string): Promise<void> {
  const page = await get<{ cursor: string | null }>(`runs${and(path, `limit=${LIMIT}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`)}`);
  if (page.cursor) change({ cursor: page.cursor });
}

/** The first page as it changes; another one as it was. */
function useRuns(path: string, cursor: string): Shown {
  const [shown, setShown] = useState<Shown>({ runs: undefined, problem: undefined });
  useEffect(() => {
    if (cursor) {
      get<{ runs: RunInfo[] }>(`runs${and(path, `limit=${LIMIT}&cursor=${encodeURIComponent(cursor)}`)}`)
        .then(({ runs }) => setShown({ runs, problem: undefined }), (error: unknown) => setShown({ runs: undefined, problem: told(error) }));
      return;
    }
    let known = new Map<string, RunInfo>();
    const sort = new URLSearchParams(path).get("sort") ?? "";
    const draw = () => setShown({ runs: inOrder([...known.values()], sort).slice(0, LIMIT), problem: undefined });
    const empty = setTimeout(draw, 400); // a feed of nothing sends nothing
    const stop = follow(`feed${and(path, `limit=${LIMIT}`)}`, (messages) => {
      clearTimeout(empty);
      known = new Map(known);
      for (const one of messages) {
        if (one.name === "gone") known.delete((JSON.parse(one.data) as { id: string }).id);
        else if (one.name === "run") { const run = JSON.parse(one.data) as RunInfo; known.set(run.id, run); }
      }
      draw();
    }, (error) => error && (clearTimeout(empty), setShown({ runs: undefined, problem: told(error) })));
    return () => {
      clearTimeout(empty);
      stop();
    };
  }, [path, cursor]);
  return shown;
}

/** As the server sorts them. */
function inOrder(runs: RunInfo[], sort: string): RunInfo[] {
  const at = (run: RunInfo) => time((sort.endsWith("ended") ? run.ended_at : null) ?? run.created_at);
  const by = sort && !sort.startsWith("-") ? 1 : -1;
  return runs.sort((a, b) => by * (at(a) - at(b) || (a.id < b.id ? -1 : 1)));
}

interface BarProps {
  params: URLSearchParams;
  runs: RunInfo[];
  overview: Overview | undefined;
}

const ORDERS = [["", "Newest first"], ["created", "Oldest first"], ["-ended", "Ended last"], ["ended", "Ended first"]] as const;
let typing = 0;

/** When typing pauses, what was typed is in the address. */
function look(text: string): void {
  clearTimeout(typing);
  typing = setTimeout(() => change({ text, cursor: undefined }, true), 250);
}

function Bar({ params, runs, overview }: BarProps) {
  const on = params.getAll("status");
  const turn = (status: string) =>
    change({ status: on.includes(status) ? on.filter((one) => one !== status) : [...on, status], cursor: undefined });
  return (
    <div class="bar" role="search">
      <input type="search" id="find" aria-label="Find runs" placeholder="Find: id, workflow, attribute  ( / )" value={params.get("text") ?? ""} onInput={(event) => look(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && /^run_\w{20,}$/.test(event.currentTarget.value.trim()) && go(`runs/${event.currentTarget.value.trim()}`)} />
      <input type="text" aria-label="Workflow" placeholder="Workflow" size={14} value={params.get("workflow") ?? ""} onChange={(event) => change({ workflow: event.currentTarget.value.trim(), cursor: undefined })} />
      <input type="text" aria-label="Attribute" placeholder="Attribute: name=value" size={18} value={params.get("attribute") ?? ""} onChange={(event) => change({ attribute: event.currentTarget.value.trim(), cursor: undefined })} />
      <select aria-label="Started within" value={params.get("within") ?? ""} onChange={(event) => change({ within: event.currentTarget.value, cursor: undefined })}>
        <option value="">Any time</option>
        {WINDOWS.map(([name]) => <option key={name} value={name}>Last {name}</option>)}
      </select>
      <input type="text" aria-label="Version" placeholder="Version" size={10} value={params.get("version") ?? ""} onChange={(event) => change({ version: event.currentTarget.value.trim(), cursor: undefined })} />
      <select aria-label="Order" value={params.get("sort") ?? ""} onChange={(event) => change({ sort: event.currentTarget.value, cursor: undefined })}>
        {ORDERS.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
      </select>
      <span class="chips" role="group" aria-label="Status">
        {STATUSES.map((status) => (
          <button key={status} type="button" class={`chip ${status}`} aria-pressed={on.includes(status)} onClick={() => turn(status)}>
            <i aria-hidden="true" />{status} {overview && <b>{said(overview.counts[status] ?? 0, overview.limit)}</b>}
          </button>
        ))}
      </span>
      <button type="button" class="quiet" onClick={() => save(JSON.stringify(runs, null, 2), "runs.json")}>Export</button>
    </div>
  );
}

interface TableProps {
  runs: RunInfo[];
  chosen: ReadonlySet<string>;
  choose: (ids: ReadonlySet<string>) => void;
  at: number;
}

function Table({ runs, chosen, choose, at }: TableProps) {
  const may = role.value === "operate";
  const turn = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  return (
    <table class="runs">
      <thead>
        <tr>
          {may && <th class="pick"><span class="sr">Select</span></th>}
          <th>Status</th><th>Workflow</th><th>Run</th><th>Waiting for</th><th>Started</th><th class="num">Duration</th><th>Attributes</th><th>Version</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run, index) => (
          <tr key={run.id} class={index === at ? "at" : ""} data-at={index === at ? "" : undefined} onClick={(event) => open(event, run.id)}>
            {may && <td class="pick"><input type="checkbox" aria-label={`Select ${run.id}`} checked={chosen.has(run.id)} onChange={() => turn(run.id)} /></td>}
            <td class="status"><Badge status={run.status} /></td>
            <td class="workflow">{run.workflow}</td>
            <td class="id"><RunLink id={run.id} /></td>
            <td class="waits"><Waits run={run} /></td>
            <td class="started"><When at={run.created_at} /></td>
            <td class="num took"><Took run={run} /></td>
            <td class="attributes"><Attributes run={run} /></td>
            <td class="mono dim version" title={run.version}>{run.version.slice(0, 12)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A click anywhere in a row opens the run, but not one that selects, nor one that ends the marking of text. */
function open(event: MouseEvent, id: string): void {
  const target = event.target as Element;
  if (target.closest("a, button, input, .pick") || getSelection()?.toString()) return;
  go(`runs/${id}`);
}

function Bulk({ chosen, clear }: { chosen: ReadonlySet<string>; clear: () => void }) {
  const [state, setState] = useState("");
  const act = async (what: "cancel" | "rerun") => {
    setState("…");
    try {
      const { results } = await post<{ results: { problem: string | null }[] }>(`bulk/${what}`, { run_ids: [...chosen] });
      const problems = results.flatMap((one) => one.problem ?? []);
      setState(problems.length ? `${problems.length} failed: ${problems[0]}` : "");
      if (!problems.length) clear();
    } catch (error) {
      setState(told(error).detail);
    }
  };
  return (
    <div class="bulk row" role="status">
      <b>{chosen.size} selected</b> {state}
      <button type="button" class="danger" onClick={() => act("cancel")}>Cancel them</button>
      <button type="button" onClick={() => act("rerun")}>Run them again</button>
      <button type="button" class="quiet" onClick={clear}>Clear</button>
    </div>
  );
}

function None({ filtered, older }: { filtered: boolean; older: boolean }) {
  if (older) return <Empty title="No run here is like that"><p>There may be older ones.</p></Empty>;
  if (filtered) return <Empty title="No run is like that"><p><a href={href("runs")}>Show all</a></p></Empty>;
  return <Empty title="No runs yet"><p>Start one: <code>outlast run FILE:WORKFLOW</code>. It appears here by itself.</p></Empty>;
}

/** `j` and `k` move through the table, Enter opens, `/` goes to the search. */
function useKeys(runs: RunInfo[]): number {
  const [at, setAt] = useState(-1);
  const now = useRef({ runs, at });
  now.current = { runs, at };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const typing = (event.target as Element).closest("input, select, textarea, dialog, button, a");
      if (event.metaKey || event.ctrlKey || event.altKey || (typing && event.key !== "Escape")) return;
      const { runs, at } = now.current;
      if (event.key === "j" || event.key === "ArrowDown") setAt(Math.min(at + 1, runs.length - 1));
      else if (event.key === "k" || event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
      else if (event.key === "Enter" && runs[at]) go(`runs/${runs[at].id}`);
      else if (event.key === "/") document.getElementById("find")?.focus();
      else if (event.key === "Escape") (event.target as HTMLElement).blur?.();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  useEffect(() => document.querySelector("[data-at]")?.scrollIntoView({ block: "nearest" }), [at]);
  return at;
}

