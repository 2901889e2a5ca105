// The table of runs: filters in the URL, live on its first page, older ones by cursor.
import { useEffect, useState } from "preact/hooks";
import { connection, query } from "../api.ts";
import { save } from "../parts/json.tsx";
import { Empty, Failed, Loading } from "../parts/small.tsx";
import { useHeld, useSteady, type Steady } from "../parts/steady.ts";
import { useAsked } from "../parts/use.ts";
import { change, href, place } from "../router.ts";
import { Bar } from "../runs/bar.tsx";
import { Bulk, type Said } from "../runs/bulk.tsx";
import { BUCKETS, Chart, type Overview } from "../runs/chart.tsx";
import { filters, goesOn, isFiltered, LIMIT, older, useRuns, windowOf, type Found } from "../runs/found.ts";
import { Table, turned, useKeys, type Ids } from "../runs/table.tsx";
import type { RunInfo } from "../types.ts";

const NOBODY: Ids = new Set();
const idOf = (run: RunInfo): string => run.id;

export function Runs() {
  const { query: params } = place.value;
  const cursor = params.get("cursor") ?? "";
  const asked = filters(params);
  const found = useRuns(asked, cursor);
  // What is shown until there is an answer are the rows of other filters.
  const late = useLasting(found.path !== asked || found.cursor !== cursor);
  // The rows come first: the numbers wait until they are there.
  const first = found.runs === undefined && !found.problem;
  const { value: overview, again } = useAsked<Overview>(first ? undefined : `overview${query({ buckets: BUCKETS, ...windowOf(params) })}`, 5000);
  const [chosen, setChosen] = useState(NOBODY);
  const [said, setSaid] = useState<Said>();
  const say = (text: Said | undefined) => {
    setSaid(text);
    if (text) again(); // the numbers have changed
  };
  const choose = (ids: Ids) => {
    setChosen(ids);
    if (ids.size) setSaid(undefined);
  };
  const { held, on } = useHeld();
  const scrolled = useScrolled();
  const [at, shown] = useKeys((run) => choose(turned(chosen, run.id)));
  const searched = useGoesOn(found) || params.has("text");
  const list = useSteady(found.runs, idOf, held || scrolled || at >= 0 || chosen.size > 0, found.path + found.cursor);
  shown(list.shown);
  return (
    <>
      <div class="row head">
        <h1>Runs</h1>
        {overview && <Chart overview={overview} params={params} />}
      </div>
      <Bar params={params} overview={overview} />
      <div class={`row state${chosen.size ? " bulk" : ""}`}>
        {chosen.size > 0 ? <Bulk chosen={chosen} shown={list.shown} choose={choose} say={say} /> : late ? <span class="dim" role="status">looking…</span> : cursor ? <span class="dim">older runs, as they were</span> : <Live refused={found.problem !== undefined} />}
        <News list={list} live={!cursor && found.runs !== undefined} />
        <span role="status" class={said?.good === false ? "bad" : ""}>{said?.text}</span>
        <span class="spring" />
        <button type="button" class="quiet" disabled={!list.shown.length} title="The runs of this page, as JSON" onClick={() => save(JSON.stringify(list.shown, null, 2), "runs.json")}>Export</button>
        <span class="dim keys"><kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> open <kbd>x</kbd> select <kbd>/</kbd> find</span>
      </div>
      <div {...on} class={late ? "late" : ""} aria-busy={late}>
        {found.problem ? <Failed problem={found.problem} /> : !found.runs ? <Loading /> : list.shown.length
          ? <Table list={list} chosen={chosen} choose={choose} at={at} sort={params.get("sort") ?? ""} />
          : <None filtered={isFiltered(params)} searched={searched} older={cursor !== ""} />}
      </div>
      <Pager key={found.path + found.cursor} found={found} searched={searched} />
    </>
  );
}

const Live = ({ refused }: { refused: boolean }) => {
  const lost = refused || connection.value === "offline";
  return <span class={`live${lost ? " lost" : ""}`}><i aria-hidden="true" />{lost ? "not live" : "live"}</span>;
};

/** What has come while the rows kept their places; said, too, to who does not see them. */
function News({ list, live }: { list: Steady<RunInfo>; live: boolean }) {
  const [number, setNumber] = useState(0);
  // Not each single one: there may be many each second.
  useEffect(() => {
    const timer = setTimeout(() => setNumber(list.news || list.fresh.size), 1000);
    return () => clearTimeout(timer);
  }, [list.news, list.fresh.size]);
  return (
    <>
      {live && list.news > 0 && <button type="button" class="news" onClick={list.catchUp}>{list.news} new {list.news === 1 ? "run" : "runs"}: show</button>}
      <span class="sr" role="status">{live && number > 0 && `${number} new ${number === 1 ? "run" : "runs"}`}</span>
    </>
  );
}

/** Milliseconds after which somebody notices. */
const NOTICED = 300;

function useLasting(now: boolean): boolean {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLasts(now), now ? NOTICED : 0);
    return () => clearTimeout(timer);
  }, [now]);
  return now && lasts;
}

/** Where the top of the table is out of sight. */
function useScrolled(): boolean {
  const [scrolled, setScrolled] = useState(false);
  useEffect(() => {
    const look = () => setScrolled(scrollY > 200);
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, []);
  return scrolled;
}

/** Whether a short page is not the last: for filters that no index serves together, so many runs are looked at and no more. */
function useGoesOn(found: Found): boolean {
  const [on, setOn] = useState(false);
  const short = found.runs !== undefined && found.runs.length < LIMIT && found.next === undefined && found.path !== "";
  useEffect(() => {
    const stop = new AbortController();
    setOn(false);
    if (short) goesOn(found, stop.signal).then((there) => !stop.signal.aborted && setOn(there), () => undefined);
    return () => stop.abort();
  }, [found.path, found.cursor, short]);
  return on;
}

/** A search looks at so many runs at a time: a page may have none of them, and yet be followed by others. */
function Pager({ found, searched }: { found: Found; searched: boolean }) {
  const [last, setLast] = useState(false);
  const more = !last && found.runs && (found.next !== undefined ? found.next !== null : found.runs.length >= LIMIT || searched);
  const go = () =>
    void older(found).then((there) => {
      setLast(!there);
      if (there) scrollTo(0, 0);
    }, () => undefined);
  return (
    <nav class="row pager" aria-label="Pages of runs">
      {found.cursor && <button type="button" onClick={() => change({ cursor: undefined })}>Newest</button>}
      <span class="spring" />
      {(last || found.next === null) && <span class="dim">These are all.</span>}
      {more && <button type="button" onClick={go}>{searched ? "Look further" : "Older"}</button>}
    </nav>
  );
}

function None({ filtered, searched, older }: { filtered: boolean; searched: boolean; older: boolean }) {
  if (searched || older) return <Empty title="No run here is like that"><p>{older ? "There may be others, older or newer." : "A search looks at 5,000 runs at a time: it can look further."}</p></Empty>;
  if (filtered) return <Empty title="No run is like that"><p><a href={href("runs")}>Show all</a></p></Empty>;
  return <Empty title="No runs yet"><p>Start one: <code>outlast run FILE:WORKFLOW</code>. It appears here by itself.</p></Empty>;
}
