// The streams of a run, live: as text, as JSON, as a conversation.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { bytes, follow } from "../api.ts";
import { parsed } from "../exact.ts";
import { closing } from "../parts/closing.ts";
import { useEnd } from "../parts/end.ts";
import { lineOf, Payload, save } from "../parts/json.tsx";
import { Empty, Failed, Loading } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { Virtual } from "../parts/virtual.tsx";
import { change, pathOf, place } from "../router.ts";
import { isOver, type Json, type RunInfo, type StreamInfo } from "../types.ts";
import { conversation, plainText } from "../talk/read.ts";
import { Conversation } from "../talk/view.tsx";

/** Chunks that are read from the end, and characters of a text that are shown. */
const KEPT = 50_000;
const SHOWN = 200_000;

/** Streams that have a button each; of more, one is chosen from a list. */
const FEW = 6;

export function Streams({ run }: { run: RunInfo }) {
  const { value, problem } = useAsked<{ streams: StreamInfo[] }>(`${pathOf(run.id)}/streams`, run.ended_at ? 0 : 2000);
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  const wanted = place.value.query.get("stream");
  const chosen = value.streams.find((one) => one.name === wanted) ?? value.streams.find((one) => !one.closed) ?? value.streams[0];
  if (!chosen) return <Empty title="No streams"><p>What steps write with <code>writable()</code> is shown here as it comes.</p></Empty>;
  return (
    <section class="streams" aria-label="Streams">
      <div class="bar" role="group" aria-label="Which stream">
        {value.streams.length > FEW ? (
          <select aria-label="Stream" value={chosen.name} onChange={(event) => choose(event.currentTarget.value)}>
            {value.streams.map((one) => <option key={one.name} value={one.name}>{one.name}, {sizeOf(one)}</option>)}
          </select>
        ) : value.streams.map((one) => (
          <button key={one.name} type="button" class="chip" aria-pressed={one === chosen} onClick={() => choose(one.name)}>
            {one.name} <span class="dim">{sizeOf(one)}</span>
          </button>
        ))}
      </div>
      <Stream key={chosen.name} run={run} path={`${pathOf(run.id)}/streams/${encodeURIComponent(chosen.name)}`} name={chosen.name} />
    </section>
  );
}

const choose = (stream: string) => change({ stream }, true);
const sizeOf = (one: StreamInfo): string => `${(one.tail + 1).toLocaleString()} chunk${one.tail ? "s" : ""}, ${one.bytes.toLocaleString()} B${one.closed ? "" : ", open"}`;

interface Read {
  chunks: Json[];
  start: number;
  over: boolean;
  /** Counts the changes: the chunks change in place. */
  changes: number;
}

/** Chunks from an index on; a rewind takes back what a failed attempt has written. */
function useStream(path: string): Read {
  const read = useRef<Read>({ chunks: [], start: 0, over: false, changes: 0 });
  const [, draw] = useState(0);
  useEffect(() => {
    const now = read.current;
    const stop = follow(`${path}?start=-${KEPT}&format=sse`, (messages) => {
      for (const one of messages) {
        if (one.name === "end") now.over = true;
        else if (one.name === "rewind") now.chunks.length = Math.max(0, (JSON.parse(one.data) as { to_index: number }).to_index - now.start);
        else if (one.name === "" || one.name === "bytes") {
          const index = Number(one.id.split(".")[0]);
          if (!now.chunks.length) now.start = index;
          now.chunks[index - now.start] = one.name === "bytes" ? { $type: "bytes", base64: parsed(one.data) } : parsed(one.data);
        }
      }
      now.changes++;
      requestAnimationFrame(() => draw((n) => n + 1));
    }, () => draw((n) => n + 1));
    return stop;
  }, [path]);
  return read.current;
}

function Stream({ run, path, name }: { run: RunInfo; path: string; name: string }) {
  const read = useStream(path);
  const { chunks } = read;
  const parts = useMemo(() => conversation(chunks), [chunks, read.changes]);
  const [wanted, setWanted] = useState<"" | "conversation" | "text" | "json">("");
  const view = wanted || (parts ? "conversation" : chunks.every((one) => typeof one === "string") ? "text" : "json");
  const download = async () => save(await bytes(`${path}?follow=false&format=ndjson`), `${name}.ndjson`);
  return (
    <>
      <div class="bar" role="group" aria-label="View">
        {(parts ? ["conversation", "text", "json"] as const : ["text", "json"] as const).map((one) => (
          <button key={one} type="button" class="chip" aria-pressed={one === view} onClick={() => setWanted(one)}>{one}</button>
        ))}
        <span class="dim">{read.over ? "over" : "live"}</span>
        {read.start > 0 && <span class="dim">the last {chunks.length.toLocaleString()} chunks; the download has all</span>}
        <span class="spring" />
        <button class="quiet" type="button" onClick={download}>Download</button>
      </div>
      {view === "conversation" && parts ? <Conversation parts={parts} run={run} /> : view === "text" ? <Plain chunks={chunks} changes={read.changes} live={!isOver(run.status)} /> : <Chunks read={read} name={name} live={!isOver(run.status)} />}
    </>
  );
}

function Plain({ chunks, changes, live }: { chunks: Json[]; changes: number; live: boolean }) {
  const text = useMemo(() => plainText(chunks), [chunks, changes]);
  const end = text.slice(-SHOWN);
  const atEnd = useEnd<HTMLPreElement>(text, live);
  return <pre class="plain" {...atEnd} tabIndex={0} aria-label="Text">{text.length > end.length ? `… ${(text.length - end.length).toLocaleString()} characters before; the download has all\n` : ""}{end}</pre>;
}

/** Each chunk in a line, and the chosen one whole. */
function Chunks({ read: { chunks, start }, name, live }: { read: Read; name: string; live: boolean }) {
  const [at, setAt] = useState<number>();
  const chosen = at === undefined ? undefined : chunks[at - start];
  const { leave, onKeyDown } = closing(chosen === undefined ? undefined : () => setAt(undefined));
  return (
    <div class={`split${chosen === undefined ? "" : " chosen"}`} onKeyDown={onKeyDown}>
      <Virtual count={chunks.length} height={24} label="Chunks" sticks={live} row={(n) => (
        <button type="button" class={`chunk${at === n + start ? " selected" : ""}`} aria-pressed={at === n + start} onClick={() => setAt(n + start)}>
          <span class="num dim">{n + start}</span><span class="mono clip">{lineOf(chunks[n]).slice(0, 400)}</span>
        </button>
      )} />
      <aside class="panel" aria-label="Details">
        {chosen === undefined ? <p class="dim">Choose a chunk to see it whole.</p> : <><header><h2>Chunk {at}</h2><button class="quiet close" type="button" aria-label="Close" onClick={leave}>✕</button></header><Payload key={at} value={chosen} name={`${name}-${at}`} /></>}
      </aside>
    </div>
  );
}
