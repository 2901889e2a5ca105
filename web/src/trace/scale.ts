// From time to place. Stretches in which a run only waits may be narrow: then what it did can be seen beside a wait of days.
import { isOpen, type Log } from "./model.ts";

/** Of all the time, what a wait must take to be narrowed, and of the rest, how wide it is then. */
const LONG = 0.05;
const NARROW = 0.06;

/** Milliseconds that must remain. */
const LEAST = 0.05;

export interface Gap {
  from: number;
  to: number;
}

export class Scale {
  /** The width of each gap, where gaps are narrowed. */
  readonly #width: number;

  constructor(readonly gaps: readonly Gap[], all: number) {
    const busy = all - gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    this.#width = Math.max(busy, all * 1e-9) * NARROW;
  }

  /** The place of a moment, in milliseconds of what is not narrowed. */
  at(moment: number): number {
    let place = moment;
    for (const gap of this.gaps) {
      if (moment <= gap.from) break;
      const size = gap.to - gap.from;
      const part = Math.min(1, (moment - gap.from) / size);
      place -= part * (size - this.#width);
    }
    return place;
  }

  /** The moment at a place. */
  back(place: number): number {
    let moment = place;
    for (const gap of this.gaps) {
      const begins = this.at(gap.from);
      if (place <= begins) break;
      const part = Math.min(1, (place - begins) / this.#width);
      moment += part * (gap.to - gap.from - this.#width);
    }
    return moment;
  }
}

/** The long stretches in which no attempt of a step was made; milliseconds since the start. */
export function gapsOf(log: Log, start: number, end: number, running: boolean): Gap[] {
  const busy: [number, number][] = [[start, start], [log.last, log.last]];
  if (!running) busy.push([end, end]);
  for (const one of log.entries.values()) {
    busy.push([one.from, one.from]);
    if (one.to !== null) busy.push([one.to, one.to]);
    for (const attempt of one.attempts) busy.push([attempt.asked, attempt.to ?? (isOpen(one) ? end : attempt.from)]);
  }
  busy.sort((a, b) => a[0] - b[0]);
  const found: Gap[] = [];
  const long = (end - start) * LONG;
  let last = start;
  for (const [from, to] of busy) {
    if (from - last > long) found.push({ from: last - start, to: from - start });
    last = Math.max(last, to);
  }
  if (end - last > long) found.push({ from: last - start, to: end - start });
  const waited = found.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  return end - start - waited < LEAST ? [] : found; // where there is nothing else, the wait is what is to be seen
}
