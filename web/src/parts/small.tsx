// Small things that all pages show.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { connection, isAway, type Problem } from "../api.ts";
import { href, pathOf } from "../router.ts";
import { ago, coarse, elapsed, exact, length, tick, time } from "../time.ts";
import { isOver, mayWaitForMore, type RunInfo, type Status, type Waiting } from "../types.ts";

export const Badge = ({ status }: { status: Status | string }) => (
  <span class={`badge ${status}`}>
    <i aria-hidden="true" />
    {status}
  </span>
);

/** A time: relative, exact on hover. */
export function When({ at }: { at: string | null }) {
  if (!at) return <span class="dim">–</span>;
  const moment = time(at);
  return <time dateTime={at} onPointerEnter={(event) => (event.currentTarget.title = exact(moment))}>{ago(moment, tick.value)}</time>;
}

export function Took({ run }: { run: RunInfo }) {
  const from = time(run.created_at);
  if (isOver(run.status) && run.ended_at) return <>{length(time(run.ended_at) - from)}</>;
  return <span class="dim">{elapsed(tick.value - from)}</span>;
}

export const short = (id: string): string => (id.startsWith("run_") ? `…${id.slice(-8)}` : id);

export const RunLink = ({ id, whole }: { id: string; whole?: boolean }) => (
  <a class="mono" href={href(pathOf(id))} title={id}>{whole ? id : short(id)}</a>
);

/** What a run waits for, in words. */
export function waitingFor(one: Waiting, now: number): string {
  const left = one.until ? time(one.until) - now : null;
  const name = one.id.replace(/^.*\//, "").replace(/#1$/, "");
  switch (one.kind) {
    case "wait":
      return left === null ? name : left > 0 ? `${name}, ${elapsed(left)} left` : `${name}, due`;
    case "hook":
      return left === null ? name : `${name}, expires in ${coarse(Math.max(0, left))}`;
    case "child":
      return `child ${one.on ? short(one.on) : name}`;
    case "step":
      return left === null ? `${one.on ?? name}, queued` : `${one.on ?? name}, retried in ${coarse(Math.max(0, left))}`;
  }
}

export function Waits({ run }: { run: RunInfo }) {
  if (run.problem) return <span class="bad" title={run.problem}>{run.problem}</span>;
  const [first, ...more] = run.waiting;
  const delay = run.status === "pending" && run.due_at ? time(run.due_at) - tick.value : 0;
  if (!first) return delay > 0 ? <>begins in {coarse(delay)}</> : null;
  const all = run.waiting.map((one) => waitingFor(one, tick.value));
  return (
    <span title={all.join("\n")}>
      {all[0]}
      {first.line && <span class="dim mono"> {first.line}</span>}
      {more.length > 0 && <span class="dim"> +{more.length}{mayWaitForMore(run) && " or more"}</span>}
    </span>
  );
}

export const Attributes = ({ run }: { run: RunInfo }) => (
  <span class="tags">
    {Object.entries(run.attributes).map(([name, value]) => (
      <span class="tag" key={name} title={`${name}=${String(value)}`}>
        <b>{name}</b> {String(value)}
      </span>
    ))}
  </span>
);

/** Browsers hand out the clipboard on pages of this machine and by HTTPS only; elsewhere there is the old way. */
async function copied(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", give, { once: true });
  document.execCommand("copy");
}

export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await copied(text);
    setDone(true);
    setTimeout(() => setDone(false), 1200);
  };
  return <button class="quiet" type="button" onClick={copy} title={text}>{done ? "Copied" : label}</button>;
}

export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <h2>{title}</h2>
    {children}
  </div>
);

/** While nothing is there yet. Where nobody answers it says so: bars that pulse would promise too much. */
export const Loading = () =>
  connection.value === "offline" ? (
    <Empty title="Nothing is here yet"><p>It comes as soon as there is an answer.</p></Empty>
  ) : (
    <div class="loading" role="status">
      <span class="sr">Loading</span>
      {[1, 2, 3, 4, 5].map((n) => <i key={n} />)}
    </div>
  );

export const Failed = ({ problem }: { problem: Problem }) => (
  <div class="empty" role="alert">
    <h2>{isAway(problem) ? "No answer" : problem.title}</h2>
    <p>{problem.detail}</p>
    {problem.problems?.map((one) => <p key={one}>{one}</p>)}
    {problem.hint && <p class="dim">{problem.hint}</p>}
  </div>
);
