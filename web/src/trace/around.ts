// What happened around one entry. Pure.
import { isOpen, type Entry } from "./model.ts";

export interface Seen {
  when: "before" | "meanwhile" | "it" | "after";
  entry: Entry;
  /** When it ended, or began if it came later, in milliseconds from the end of what it is about. */
  at: number;
}

const EACH = 3;

/** What ended last before it, what went on beside it and what began first after it, in the order of time. */
export function around(centre: Entry, entries: readonly Entry[]): Seen[] {
  const end = centre.to ?? Infinity;
  const others = entries.filter((one) => one !== centre && one.id !== centre.id && one.kind !== "note");
  const before = others.filter((one) => one.to !== null && one.to <= centre.from).sort((a, b) => a.to! - b.to!).slice(-EACH);
  const after = others.filter((one) => one.from >= end).sort((a, b) => a.from - b.from).slice(0, EACH);
  const beside = others.filter((one) => one.from < end && (isOpen(one) || (one.to ?? end) > centre.from)).slice(0, EACH);
  const about = Number.isFinite(end) ? end : centre.from;
  return [
    ...before.map((entry): Seen => ({ when: "before", entry, at: entry.to! - about })),
    ...beside.map((entry): Seen => ({ when: "meanwhile", entry, at: entry.from - about })),
    { when: "it", entry: centre, at: 0 },
    ...after.map((entry): Seen => ({ when: "after", entry, at: entry.from - about })),
  ];
}
