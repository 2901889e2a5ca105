// A payload, as text and never as HTML: folds, cuts what is long, and gives it whole as a download.
import { useState } from "preact/hooks";
import { bytes, get } from "../api.ts";
import type { Json } from "../types.ts";

const CUT = 600;
const MANY = 100;

export function View({ value, open = 2 }: { value: Json; open?: number }) {
  return <div class="json mono"><Node value={value} open={open} /></div>;
}

/** With a way to keep it; `whole` is where the API has all of a value that is cut here. */
export function Payload({ value, name, whole }: { value: Json | undefined; name: string; whole?: string | undefined }) {
  const [all, setAll] = useState<Json>();
  if (value === undefined) return <p class="dim">Not recorded: it was too long to keep.</p>;
  const shown = all === undefined ? value : all;
  const path = isCut(shown) ? whole : undefined;
  const keep = async () => save(path ? await bytes(path) : JSON.stringify(shown, null, 2), `${name}.json`);
  return (
    <div class="payload">
      <View key={String(all === undefined)} value={shown} />
      {path && <button class="quiet" type="button" onClick={async () => setAll(await get<Json>(path))}>Show all</button>}
      <button class="quiet" type="button" onClick={keep}>{path && isCut(shown) ? `Download all ${shown.$cut.toLocaleString()} bytes` : "Download"}</button>
    </div>
  );
}

/** A value of which only the head is here. */
export const isCut = (value: Json | undefined): value is { $cut: number; head: string } => isObject(value) && typeof value.$cut === "number";

export function save(text: string | Blob, name: string): void {
  const url = URL.createObjectURL(typeof text === "string" ? new Blob([text], { type: "application/json" }) : text);
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function Node({ value, open }: { value: Json; open: number }) {
  if (typeof value === "string") return <Text text={value} />;
  if (value === null || typeof value !== "object") return <span class="atom">{String(value)}</span>;
  if (isCut(value)) return <><Text text={String(value.head)} /> <span class="dim">… cut here, of {value.$cut.toLocaleString()} bytes</span></>;
  const scalar = isObject(value) ? scalarOf(value) : undefined;
  if (scalar !== undefined) return <span class="atom" title={String((value as { $type: Json }).$type)}>{scalar}</span>;
  if (isObject(value) && value.$type === "bytes" && isBase64(value.base64)) return <Bytes base64={value.base64} />;
  return <Inner value={value} open={open} />;
}

function Inner({ value, open }: { value: Json[] | { [name: string]: Json }; open: number }) {
  const [wanted, setWanted] = useState(open > 0);
  const [most, setMost] = useState(MANY);
  const { label, title, entries, list } = parts(value);
  if (!entries.length) return <span class="dim">{label} {list ? "[]" : "{}"}</span>;
  const shown = wanted ? entries.slice(0, most) : [];
  return (
    <>
      <button class="fold" type="button" aria-expanded={wanted} onClick={() => setWanted(!wanted)}>
        <span aria-hidden="true">{wanted ? "▾" : "▸"}</span> {label && <span title={title}>{label}</span>}
        <span class="dim"> {list ? `${entries.length.toLocaleString()} item${entries.length === 1 ? "" : "s"}` : wanted ? (label ? "" : `${entries.length} field${entries.length === 1 ? "" : "s"}`) : `{${preview(entries)}}`}</span>
      </button>
      {shown.length > 0 && (
        <ul>
          {shown.map(([name, one], n) => (
            <li key={n}><span class="key">{name}</span> <Node value={one} open={open - 1} /></li>
          ))}
          {entries.length > most && (
            <li><button class="quiet" type="button" onClick={() => setMost(most * 10)}>{entries.length - most} more</button></li>
          )}
        </ul>
      )}
    </>
  );
}

/** Tagged values that are one text. */
const SCALARS = new Set<Json | undefined>(["datetime", "date", "time", "decimal", "uuid", "path", "float"]);

function scalarOf({ $type: tag, value, class: name, name: member }: { [name: string]: Json }): string | undefined {
  if (SCALARS.has(tag) && value !== undefined) return String(value);
  return tag === "enum" && typeof name === "string" && typeof member === "string" ? `${name.replace(/^.*[:.]/, "")}.${member}` : undefined;
}

const isBase64 = (value: Json | undefined): value is string =>
  typeof value === "string" && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value.slice(0, 32)) && /^[A-Za-z0-9+/]*={0,2}$/.test(value.slice(-4));

interface Parts {
  label: string;
  /** The class's whole name. */
  title?: string;
  entries: [string, Json][];
  list: boolean;
}

/** An object of a class is shown as its fields, under its class's name; what has an unknown tag, as it is stored. */
function parts(value: Json[] | { [name: string]: Json }): Parts {
  if (Array.isArray(value)) return { label: "", entries: Object.entries(value), list: true };
  const { $type: tag, class: name, items } = value;
  if (tag === "object" && typeof name === "string" && isObject(value.fields)) {
    return { label: name.replace(/^.*[:.]/, ""), title: name, entries: Object.entries(value.fields), list: false };
  }
  if ((tag === "tuple" || tag === "set" || tag === "frozenset") && Array.isArray(items)) return { label: tag, entries: Object.entries(items), list: true };
  if (tag === "dict" && Array.isArray(items)) {
    return { label: "", entries: items.map((one) => (Array.isArray(one) ? [typeof one[0] === "string" ? one[0] : JSON.stringify(one[0]), one[1] ?? null] : ["", one])), list: false };
  }
  return { label: "", entries: Object.entries(value), list: false };
}

/** Binary data: how much, how it begins, and a way to keep it. */
function Bytes({ base64 }: { base64: string }) {
  const { size, head } = headOf(base64);
  const keep = () => save(new Blob([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))]), "value.bin");
  return <span><span class="dim">{size}</span> <span class="atom">{head}</span> <button class="quiet" type="button" onClick={keep}>Download</button></span>;
}

function headOf(base64: string): { size: string; head: string } {
  const size = Math.floor((base64.length * 3) / 4) - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0);
  const head = [...atob(base64.slice(0, 32))].map((one) => one.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
  return { size: `${size.toLocaleString()} byte${size === 1 ? "" : "s"}`, head: head + (size > 24 ? " …" : "") };
}

/** A value in one line: its JSON; of bytes how many, and how they begin. */
export function lineOf(value: Json | undefined): string {
  if (isObject(value) && value.$type === "bytes" && isBase64(value.base64)) {
    const { size, head } = headOf(value.base64);
    return `${size} ${head}`;
  }
  return JSON.stringify(value) ?? "";
}

const isObject = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const preview = (entries: [string, Json][]): string =>
  entries.slice(0, 4).map(([name]) => name).join(", ") + (entries.length > 4 ? ", …" : "");

/** What would not be seen in a text: as JSON writes it. All else stands there as it is, backslashes too. */
const UNSEEN = /(?![\t\n])[\u0000-\u001f\p{Cs}]/gu;

function Text({ text }: { text: string }) {
  const [most, setMost] = useState(CUT);
  return (
    <span class="text">
      {text.slice(0, most).replace(UNSEEN, (one) => JSON.stringify(one).slice(1, -1))}
      {text.length > most && (
        <button class="quiet" type="button" onClick={() => setMost(most * 20)}>… {(text.length - most).toLocaleString()} more</button>
      )}
    </span>
  );
}
