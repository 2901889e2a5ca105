// A payload, as text and never as HTML: folds, cuts what is long, and gives it whole as a download.
import { useState } from "preact/hooks";
import type { Json } from "../types.ts";

const CUT = 600;
const MANY = 100;

export function View({ value, open = 2 }: { value: Json; open?: number }) {
  return <div class="json mono"><Node value={value} open={open} /></div>;
}

/** With a way to keep it. */
export function Payload({ value, name }: { value: Json | undefined; name: string }) {
  if (value === undefined) return <p class="dim">Not recorded: it was too long to keep.</p>;
  return (
    <div class="payload">
      <View value={value} />
      <button class="quiet" type="button" onClick={() => save(JSON.stringify(value, null, 2), `${name}.json`)}>Download</button>
    </div>
  );
}

export function save(text: string | Blob, name: string): void {
  const url = URL.createObjectURL(typeof text === "string" ? new Blob([text], { type: "application/json" }) : text);
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function Node({ value, open }: { value: Json; open: number }) {
  if (typeof value === "string") return <Text text={value} />;
  if (value === null || typeof value !== "object") return <span class="atom">{String(value)}</span>;
  if (isObject(value) && typeof value.$cut === "number") {
    return <><Text text={String(value.head)} /> <span class="dim">… cut here, of {value.$cut.toLocaleString()} bytes; its event has it whole</span></>;
  }
  return <Inner value={value} open={open} />;
}

function Inner({ value, open }: { value: Json[] | { [name: string]: Json }; open: number }) {
  const [wanted, setWanted] = useState(open > 0);
  const [most, setMost] = useState(MANY);
  const { label, entries } = parts(value);
  if (!entries.length) return <span class="dim">{label || (Array.isArray(value) ? "[]" : "{}")}</span>;
  const shown = wanted ? entries.slice(0, most) : [];
  return (
    <>
      <button class="fold" type="button" aria-expanded={wanted} onClick={() => setWanted(!wanted)}>
        <span aria-hidden="true">{wanted ? "▾" : "▸"}</span> {label}
        <span class="dim"> {Array.isArray(value) ? `${entries.length} items` : `{${wanted ? "" : preview(entries)}}`}</span>
      </button>
      {shown.length > 0 && (
        <ul>
          {shown.map(([name, one]) => (
            <li key={name}><span class="key">{name}</span> <Node value={one} open={open - 1} /></li>
          ))}
          {entries.length > most && (
            <li><button class="quiet" type="button" onClick={() => setMost(most * 10)}>{entries.length - most} more</button></li>
          )}
        </ul>
      )}
    </>
  );
}

/** An object of a class is shown as its fields, under its class's name. */
function parts(value: Json[] | { [name: string]: Json }): { label: string; entries: [string, Json][] } {
  if (!Array.isArray(value) && value.$type === "object" && typeof value.class === "string" && isObject(value.fields)) {
    return { label: value.class.replace(/^.*[:.]/, ""), entries: Object.entries(value.fields) };
  }
  return { label: "", entries: Object.entries(value) };
}

const isObject = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const preview = (entries: [string, Json][]): string =>
  entries.slice(0, 4).map(([name]) => name).join(", ") + (entries.length > 4 ? ", …" : "");

function Text({ text }: { text: string }) {
  const [most, setMost] = useState(CUT);
  return (
    <span class="text">
      {JSON.stringify(text.slice(0, most)).slice(1, -1).replaceAll("\\n", "\n").replaceAll('\\"', '"')}
      {text.length > most && (
        <button class="quiet" type="button" onClick={() => setMost(most * 20)}>… {(text.length - most).toLocaleString()} more</button>
      )}
    </span>
  );
}
