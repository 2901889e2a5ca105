// What is drawn of a row: stretches of time, each with its look.
import type { RunInfo } from "../types.ts";
import { time } from "../time.ts";
import type { Attempt } from "./model.ts";
import type { Row } from "./rows.ts";

export interface Stretch {
  from: number;
  to: number;
  look: string;
  title: string;
}

export function stretches(row: Row, run: RunInfo, now: number): Stretch[] {
  const { entry, attempt } = row;
  const to = entry.to ?? Math.max(now, entry.from);
  // One that was lost went on until the next one at most: nobody knows when its worker died.
  if (attempt) return made(attempt, attempt.to ?? entry.attempts[entry.attempts.indexOf(attempt) + 1]?.asked ?? to, entry.state);
  if (entry.kind === "run") {
    const begun = run.started_at ? time(run.started_at) : to;
    return [
      { from: entry.from, to: begun, look: "queued", title: "waited for a worker" },
      { from: begun, to, look: `run ${entry.state}`, title: entry.state },
    ];
  }
  if (!entry.attempts.length) return [{ from: entry.from, to, look: `${entry.kind} ${entry.state}`, title: entry.state }];
  return entry.attempts.flatMap((one, n) => {
    const after = entry.attempts[n + 1]?.asked ?? (entry.state === "retrying" ? to : null);
    const end = one.to ?? after ?? to;
    const drawn = made(one, end, entry.state);
    return after !== null && one.to !== null ? [...drawn, { from: end, to: after, look: "queued", title: "waits for the next attempt" }] : drawn;
  });
}

/** An attempt, and before it the time in which there was no room for it. */
function made(one: Attempt, to: number, state: string): Stretch[] {
  const drawn = { from: one.from, to, look: lookOf(one, state), title: `attempt ${one.number}` };
  return one.asked < one.from ? [{ from: one.asked, to: one.from, look: "queued", title: "waited for its turn" }, drawn] : [drawn];
}

function lookOf(attempt: { to: number | null; error: unknown; lost: boolean }, state: string): string {
  if (attempt.lost) return "step lost";
  if (attempt.error) return "step failed";
  return attempt.to === null ? `step ${state === "cancelled" ? "cancelled" : "running"}` : "step completed";
}

const NICE = [1, 2, 5];
const LONG = [60e3, 120e3, 300e3, 600e3, 1800e3, 3600e3, 7200e3, 21600e3, 43200e3, 86400e3, 172800e3, 604800e3, 1209600e3, 2592000e3];

/** Where the axis has its marks: round lengths of time since the start. */
export function ticks(from: number, to: number, most: number): number[] {
  const wanted = (to - from) / Math.max(1, most);
  let size = LONG.find((one) => one >= wanted) ?? wanted;
  if (wanted < 30_000) {
    const base = 10 ** Math.floor(Math.log10(wanted));
    size = base * (NICE.find((one) => one * base >= wanted) ?? 10);
  }
  const found: number[] = [];
  for (let at = Math.ceil(from / size) * size; at <= to && found.length < 100; at += size) found.push(at);
  return found;
}
