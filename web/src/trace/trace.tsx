// The trace viewer: rows that scroll virtually, over a window of time that zooms and pans.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { elapsed, length, tick, time } from "../time.ts";
import { isOver, mayWaitForMore, type RunInfo } from "../types.ts";
import { stretches, ticks } from "./bars.ts";
import { Minimap } from "./minimap.tsx";
import { isOpen, type Entry, type Log } from "./model.ts";
import { hint, rowsOf, type Row } from "./rows.ts";
import { gapsOf, Scale } from "./scale.ts";

export const ROW = 24;
const SPARE = 8;

interface TraceProps {
  log: Log;
  /** Counts the changes of the log, which grows in place. */
  changes: number;
  run: RunInfo;
  selected: string;
  select: (row: Row) => void;
}

/** Two moments in milliseconds since the run was created, whatever is narrowed between them; `null`: all of it, also as it grows. */
export type Window = readonly [number, number] | null;

export function Trace({ log, changes, run, selected, select }: TraceProps) {
  const [text, setText] = useState("");
  const [failures, setFailures] = useState(false);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [zoom, setZoom] = useState<Window>(null);
  const rows = useMemo(() => rowsOf(log, run, { text, failures, folded }), [log, changes, run, text, failures, folded]);
  const now = isOver(run.status) ? 0 : tick.value;
  const start = time(run.created_at);
  const end = Math.max(isOver(run.status) && run.ended_at ? time(run.ended_at) : now, log.last, start + 0.05);
  const [narrows, setNarrows] = useState<boolean>();
  const gaps = useMemo(() => gapsOf(log, start, end, !isOver(run.status)), [log, changes, start, end]);
  const waited = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  // Once it is on it stays: as a run grows, waits are more of its time at one moment and less at the next.
  const mostly = useRef(false);
  mostly.current ||= log.events.length >= run.events && waited > (end - start) * 0.8;
  const skips = narrows ?? (mostly.current && gaps.length > 0);
  const scale = useMemo(() => new Scale(skips ? gaps : [], end - start), [gaps, skips, start, end]);
  const all = scale.at(end - start) * 1.06;
  const [from, to] = zoom ? [scale.at(zoom[0]), scale.at(zoom[1])] : [0, all];
  const fold = (row: Row, closed = !row.folded) => {
    if (!row.inner) return;
    const next = new Set(folded);
    if (closed) next.add(row.key);
    else next.delete(row.key);
    setFolded(next);
  };
  const view = (a: number, b: number) => {
    const places = bounded(a, b, all);
    setZoom(places && [scale.back(places[0]), scale.back(places[1])]);
  };
  const failed = [...log.entries.values()].filter((one) => one.error || one.attempts.some((attempt) => attempt.error || attempt.lost)).length;
  return (
    <section class="trace" aria-label="Timeline">
      <div class="bar">
        <input type="search" aria-label="Find in the timeline" placeholder="Find a step, wait, hook, line" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <button type="button" class="chip failed" aria-pressed={failures} onClick={() => setFailures(!failures)}><i aria-hidden="true" />errors {failed}</button>
        <span class="dim">{rows.length - 1} {rows.length === 2 ? "row" : "rows"}{mayWaitForMore(run) && ", and perhaps more that it waits for"}</span>
        <span class="spring" />
        {gaps.length > 0 && <button type="button" class="chip" aria-pressed={skips} title="Draw the long stretches in which it only waits narrow" onClick={() => { setNarrows(!skips); setZoom(null); }}>skip waits</button>}
        <button type="button" class="quiet" onClick={() => setFolded(folded.size ? new Set() : new Set(rows.filter((row) => row.depth > 0 && row.inner).map((row) => row.key)))}>{folded.size ? "Unfold" : "Fold"}</button>
        <button type="button" class="quiet" aria-label="Zoom out" title="Zoom out (S)" onClick={() => view(...scaled(from, to, 1.6))}>−</button>
        <button type="button" class="quiet" aria-label="Zoom in" title="Zoom in (W)" onClick={() => view(...scaled(from, to, 0.625))}>+</button>
        <button type="button" class="quiet" disabled={!zoom} title="All of it (0)" onClick={() => setZoom(null)}>Fit</button>
      </div>
      <Minimap rows={rows} run={run} start={start} all={all} now={now} scale={scale} window={[from, to]} view={view} />
      <Rows {...{ rows, run, start, now, scale, from, to, view, fold, selected, select, fit: () => setZoom(null) }} />
    </section>
  );
}

interface RowsProps {
  rows: Row[];
  run: RunInfo;
  start: number;
  now: number;
  scale: Scale;
  from: number;
  to: number;
  view: (from: number, to: number) => void;
  fit: () => void;
  fold: (row: Row, closed?: boolean) => void;
  selected: string;
  select: (row: Row) => void;
}

function Rows(props: RowsProps) {
  const { rows, run, start, now, scale, from, to, selected, select } = props;
  const box = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600, width: 800 });
  const latest = useRef(props);
  latest.current = props;
  const acts = useRef<Acts>({
    select: (row) => latest.current.select(row), fold: (row, closed) => latest.current.fold(row, closed), view: (a, b) => latest.current.view(a, b),
  }).current;
  useEffect(() => measured(box.current!, setScroll), []);
  useEffect(() => wheeled(box.current!, () => latest.current), []);
  const at = rows.findIndex((row) => row.key === selected);
  const first = Math.max(0, Math.floor(scroll.top / ROW) - SPARE);
  const shown = rows.slice(first, first + Math.ceil(scroll.height / ROW) + 2 * SPARE);
  const reveal = (index: number) => {
    const row = rows[index];
    if (!row) return;
    select(row);
    const top = index * ROW;
    const { scrollTop, clientHeight } = box.current!;
    if (top < scrollTop) box.current!.scrollTop = top;
    else if (top > scrollTop + clientHeight - 3 * ROW) box.current!.scrollTop = top - clientHeight + 3 * ROW;
  };
  useEffect(() => {
    const { scrollTop, clientHeight } = box.current!;
    if (at >= 0 && (at * ROW < scrollTop || at * ROW > scrollTop + clientHeight - 2 * ROW)) box.current!.scrollTop = Math.max(0, at * ROW - clientHeight / 2);
  }, [selected, at < 0]);
  const marks = ticks(from, to, scroll.width / 110);
  return (
    <div class="rows" ref={box} tabIndex={0} role="tree" aria-label="Steps, waits, hooks and children" aria-activedescendant={at < 0 ? undefined : `row-${at}`} onKeyDown={(event) => pressed(event, props, at, reveal)}>
      <div class="axis" role="presentation">
        {marks.map((one) => <span key={one} style={{ left: `${((one - from) / (to - from)) * 100}%` }}>{one === 0 ? "0" : length(scale.back(one))}</span>)}
      </div>
      <div class="lines" role="presentation" style={{ height: `${rows.length * ROW}px` }}>
        <div class="grid" aria-hidden="true">
          {scale.gaps.map((gap) => {
            const left = ((scale.at(gap.from) - from) / (to - from)) * 100;
            const right = ((scale.at(gap.to) - from) / (to - from)) * 100;
            return <b key={gap.from} title={`${length(gap.to - gap.from)} of waiting`} style={{ left: `${left}%`, width: `${right - left}%` }} />;
          })}
          {marks.map((one) => <i key={one} style={{ left: `${((one - from) / (to - from)) * 100}%` }} />)}</div>
        {shown.map((row, n) => (
          <Line key={row.key} {...{ row, run, start, now, scale, from, to, acts }} index={first + n} isSelected={row.key === selected} />
        ))}
      </div>
    </div>
  );
}

type Acts = Pick<RowsProps, "select" | "fold" | "view">;

/** None of it changes while the rows scroll, so those that stay in sight are not drawn again. */
interface LineProps extends Pick<RowsProps, "run" | "start" | "now" | "scale" | "from" | "to"> {
  row: Row;
  index: number;
  isSelected: boolean;
  acts: Acts;
}

function Line({ row, index, run, start, now, scale, from, to, acts, isSelected }: LineProps) {
  const { entry, attempt } = row;
  const span = to - from;
  const place = (moment: number) => Math.min(101, Math.max(-1, ((scale.at(moment - start) - from) / span) * 100));
  const drawn = stretches(row, run, now);
  const end = drawn.at(-1)?.to ?? entry.from;
  const state = attempt ? (attempt.error ? "failed" : attempt.lost ? "lost" : attempt.to === null ? entry.state : "completed") : entry.state;
  const begins = place(drawn[0]!.from);
  // Beside the bar, or before it, or on it: where there is room.
  const at = place(end) <= 82 ? { left: `${place(end)}%` } : begins > 25 ? { right: `${100 - begins}%` } : { left: `${Math.max(0, begins)}%` };
  const on = place(end) > 82 && begins <= 25;
  return (
    <div class={`line${isSelected ? " selected" : ""}`} id={`row-${index}`} role="treeitem" aria-level={row.depth + 1} aria-selected={isSelected} aria-expanded={row.inner ? !row.folded : undefined} style={{ top: `${index * ROW}px` }} onClick={() => acts.select(row)} onDblClick={() => acts.view(...about(scale.at(drawn[0]!.from - start), scale.at(end - start)))}>
      <div class="name" style={{ paddingLeft: `calc(4px + ${row.depth} * var(--indent))` }}>
        <span class="turn" aria-hidden="true" onClick={(event) => { event.stopPropagation(); acts.fold(row); }}>{row.inner ? (row.folded ? "▸" : "▾") : ""}</span>
        <i class={`kind ${entry.kind} ${state}`} aria-hidden="true" />
        <span class="label" title={entry.id || run.id}>{attempt ? `attempt ${attempt.number}` : entry.name}</span>
        {!attempt && <span class="hint">{hint(entry)}</span>}
        {!attempt && entry.attempts.length > 1 && <span class="times" title={`${entry.attempts.length} attempts`}>×{entry.attempts.length}</span>}
        <span class="sr">{entry.kind}, {state}</span>
      </div>
      <div class="lane">
        {drawn.map((one, n) => {
          const left = place(one.from);
          return <i key={n} class={`stretch ${one.look}`} title={`${one.title}, ${length(one.to - one.from)}`} style={{ left: `${left}%`, width: `max(${entry.kind === "note" ? 0 : 2}px, ${place(one.to) - left}%)` }} />;
        })}
        {entry.kind !== "note" && <span class={`took${on ? " on" : ""}`} style={at}>{said(row, end, now)}</span>}
      </div>
    </div>
  );
}

/** What stands beside a bar: how long it took, or what it waits for. */
function said({ entry, attempt }: Row, end: number, now: number): string {
  if (attempt?.error) return attempt.error.name;
  const from = attempt?.from ?? entry.from;
  const took = length(end - from);
  if (attempt?.lost) return `${took} · lost`;
  if (!isOpen(entry)) return entry.error && entry.kind !== "run" ? `${took} · ${entry.error.name}` : took;
  const left = leftOf(entry, now);
  return left || (entry.state === "queued" ? "queued" : entry.kind === "hook" ? "waiting for the outside" : elapsed(end - from));
}

export function leftOf(entry: Entry, now: number): string {
  if (!entry.until || !isOpen(entry)) return "";
  const left = entry.until - now;
  const what = entry.kind === "hook" ? "expires in" : entry.kind === "step" ? "retried in" : "";
  return left <= 0 ? "due" : what ? `${what} ${length(left)}` : `${length(Math.ceil(left / 1000) * 1000)} left`;
}

function pressed(event: KeyboardEvent, { rows, from, to, view, fit, fold }: RowsProps, at: number, reveal: (index: number) => void): void {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  const row = rows[at];
  const parent = () => reveal(rows.findLastIndex((one, n) => n < at && one.depth < (row?.depth ?? 0)));
  const steps: { [key: string]: () => void } = {
    ArrowDown: () => reveal(Math.min(at + 1, rows.length - 1)), ArrowUp: () => reveal(Math.max(at - 1, 0)),
    Home: () => reveal(0), End: () => reveal(rows.length - 1), PageDown: () => reveal(Math.min(at + 20, rows.length - 1)), PageUp: () => reveal(Math.max(at - 20, 0)),
    ArrowRight: () => row && (row.folded ? fold(row, false) : reveal(at + 1)), ArrowLeft: () => row && (row.inner && !row.folded ? fold(row, true) : parent()),
    w: () => view(...scaled(from, to, 0.7)), s: () => view(...scaled(from, to, 1.43)), "+": () => view(...scaled(from, to, 0.7)), "-": () => view(...scaled(from, to, 1.43)),
    a: () => view(from - (to - from) / 8, to - (to - from) / 8), d: () => view(from + (to - from) / 8, to + (to - from) / 8), "0": fit,
  };
  const act = steps[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** Ctrl or Alt and the wheel zoom about the pointer; Shift, or a wheel that goes sideways, pans; alone it scrolls the rows. */
function wheeled(box: HTMLElement, latest: () => RowsProps): () => void {
  const turned = (event: WheelEvent) => {
    const { from, to, view } = latest();
    const lane = box.querySelector(".lane")?.getBoundingClientRect();
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
    if (!lane || !(event.ctrlKey || event.altKey || sideways)) return;
    event.preventDefault();
    if (event.ctrlKey || event.altKey) {
      view(...scaled(from, to, Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 150), (event.clientX - lane.left) / lane.width));
    } else view(from + ((to - from) * sideways) / lane.width, to + ((to - from) * sideways) / lane.width);
  };
  box.addEventListener("wheel", turned, { passive: false });
  return () => box.removeEventListener("wheel", turned);
}

function measured(box: HTMLElement, set: (size: { top: number; height: number; width: number }) => void): () => void {
  const look = () => set({ top: box.scrollTop, height: box.clientHeight, width: box.querySelector(".axis")?.clientWidth ?? box.clientWidth });
  const watch = new ResizeObserver(look);
  watch.observe(box);
  box.addEventListener("scroll", look, { passive: true });
  return () => {
    watch.disconnect();
    box.removeEventListener("scroll", look);
  };
}

const scaled = (from: number, to: number, by: number, about = 0.5): [number, number] => {
  const at = from + (to - from) * about;
  return [at - (at - from) * by, at + (to - at) * by];
};

/** A little more than a bar: what a double click shows. */
const about = (from: number, to: number): [number, number] => {
  const spare = Math.max((to - from) * 0.15, 0.005);
  return [from - spare, to + spare];
};

/** Two places: never outside of the run, never narrower than a microsecond; all of it is no zoom. */
function bounded(from: number, to: number, all: number): Window {
  const size = Math.max(to - from, 0.001);
  if (size >= all) return null;
  const at = Math.min(Math.max(0, from), all - size);
  return [at, at + size];
}
