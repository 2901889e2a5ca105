// Times are milliseconds since 1970 with fractions: microseconds survive. The clock is the server's, as far as it is known.
import { signal } from "@preact/signals";

let ahead = 0;

/** The time now, by the clock of the server; renewed each second for whoever reads it while drawing. */
export const tick = signal(Date.now());
setInterval(() => {
  if (!document.hidden) tick.value = serverNow();
}, 1000);

export const serverNow = (): number => Date.now() + ahead;

/** Something happened at this moment of the server's clock: it is not earlier there now. */
export function learnMoment(moment: number): void {
  if (moment > serverNow() + 2000) ahead = moment - Date.now();
}

/** Learns how far the server's clock is ahead from the date of an answer, which is in whole seconds. */
export function learnClock(date: string | null): void {
  const theirs = date ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(theirs)) return;
  const difference = theirs + 500 - Date.now();
  ahead = Math.abs(difference) > 2000 ? difference : 0;
}

export function time(iso: string): number {
  const [, seconds, fraction = "", zone] = /^(.*?)(\.\d+)?(Z|[+-]\d\d:?\d\d)$/.exec(iso) ?? [];
  return seconds === undefined ? Date.parse(iso) : Date.parse(seconds + zone) + Number(`0${fraction || ".0"}`) * 1000;
}

const UNITS: readonly [string, number][] = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000]];

/** `420 µs`, `12 ms`, `1.24 s`, `3 m 20 s`, `2 d 4 h`. */
export function length(ms: number): string {
  const size = Math.max(0, ms);
  if (size < 0.9995) return `${Math.round(size * 1000)} µs`;
  if (size < 999.5) return `${size < 10 ? size.toFixed(1) : Math.round(size)} ms`;
  if (size < 59_950) return `${(size / 1000).toFixed(size < 9995 ? 2 : 1)} s`;
  const at = UNITS.findIndex(([, unit]) => size >= unit);
  const [name, unit] = UNITS[at] ?? ["s", 1000];
  const [lesser, small] = UNITS[at + 1] ?? ["s", 1000];
  const rest = Math.floor((size % unit) / small);
  return `${Math.floor(size / unit)} ${name}${rest ? ` ${rest} ${lesser}` : ""}`;
}

/** Of what goes on: whole seconds, which is how often it is drawn. */
export function elapsed(ms: number): string {
  if (ms < 1000) return "<1 s";
  return ms < 60_000 ? `${Math.floor(ms / 1000)} s` : length(ms);
}

export function ago(moment: number, now: number): string {
  const gone = now - moment;
  if (gone < -1000) return `in ${coarse(-gone)}`;
  return gone < 5000 ? "now" : `${coarse(gone)} ago`;
}

/** One unit only: for lists. */
export function coarse(ms: number): string {
  const [name, unit] = UNITS.find(([, one]) => ms >= one) ?? ["s", 1000];
  return `${Math.floor(ms / unit)} ${name}`;
}

/** Made when it is used first: it takes longer than all rows of a table. */
let format: Intl.DateTimeFormat | undefined;

export function exact(moment: number): string {
  format ??= new Intl.DateTimeFormat(undefined, {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
    fractionalSecondDigits: 3, timeZoneName: "short",
  });
  return format.format(moment);
}
