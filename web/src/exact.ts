// JSON in which whole numbers stay what they are. A number of JavaScript has 53 bits for one; ids and times of others have more.
import type { Json } from "./types.ts";

declare global {
  interface BigInt {
    toJSON(): unknown;
  }
}

/** What browsers have lately: the text of a number that is read, and numbers that are written as the text that they have. */
interface Source {
  source?: string;
}
const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };

// Else a payload with such a number could not be shown, sent or kept at all.
BigInt.prototype.toJSON = function (this: bigint): unknown {
  return rawJSON ? rawJSON(String(this)) : Number(this);
};

/** May have a number that is too long; to look for one first costs next to nothing. */
const LONG = /\d{17}|9\d{15}/;

/** Reads JSON. Whole numbers that are too long for a double are `bigint`, where the browser tells what stood there. */
export function parsed<T = Json>(text: string): T {
  return JSON.parse(text, LONG.test(text) ? (exactly as Reviver) : undefined) as T;
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

function exactly(_key: string, value: unknown, { source }: Source = {}): unknown {
  return typeof value === "number" && source !== undefined ? wholeNumber(value, source) : value;
}

/** A number by its text: itself, or a `bigint` where it could not be that. */
export function wholeNumber(value: number, source: string): number | bigint {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
