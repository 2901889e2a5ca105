// The streams of a run, live: as text, as JSON, as a conversation.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { bytes, follow } from "../api.ts";
import { save, View } from "../parts/json.tsx";
import { Empty, Failed, Loading } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { Virtual } from "../parts/virtual.tsx";
import type { Json, RunInfo, StreamInfo } from "../types.ts";
import { conversation, type Part } from "./conversation.ts";

const KEPT = 50_000;

export function Streams({ run }: { run: RunInfo }) {
  const { value, problem } = useAsked<{ streams: StreamInfo[] }>(`runs/${run.id}/streams`, run.ended_at ? 0 : 2000);
  const [name, setName] = useState("");
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  const chosen = value.streams.find((one) => one.name === name) ?? value.streams[0];
  if (!chosen) return <Empty title="No streams"><p>What steps write with <code>writable()</code> is shown here as it comes.</p></Empty>;
  return (
    <section class="streams" aria-label="Streams">
      <div class="bar" role="group" aria-label="Which stream">
        {value.streams.map((one) => (
          <button key={one.name} type="button" class="chip" aria-pressed={one === chosen} onClick={() => setName(one.name)}>
            {one.name} <span class="dim">{one.tail + 1} chunks, {one.bytes.toLocaleString()} B{one.closed ? "" : ", open"}</span>
          </button>
        ))}
      </div>
      <Stream key={chosen.name} path={`runs/${run.id}/streams/${encodeURIComponent(chosen.name)}`} name={chosen.name} />
    </section>
  );
}

interface Read {
  chunks: Json[];
  start: number;
  over: boolean;
}

/** Chunks from an index on; a rewind takes back what a failed attempt has written. */
function useStream(path: string): Read {
  const read = useRef<Read>({ chunks: [], start: 0, over: false });
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
          now.chunks[index - now.start] = JSON.parse(one.data) as Json;
        }
      }
      requestAnimationFrame(() => draw((n) => n + 1));
    }, () => draw((n) => n + 1));
    return stop;
  }, [path]);
  return read.current;
}

function Stream({ path, name }: { path: string; name: string }) {
  const read = useStream(path);
  const { chunks } = read;
  const parts = useMemo(() => conversation(chunks), [chunks, chunks.length]);
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
        <span class="spring" />
        <button class="quiet" type="button" onClick={download}>Download</button>
      </div>
      {view === "conversation" && parts ? <Conversation parts={parts} /> : view === "text" ? <Plain chunks={chunks} /> : (
        <Virtual count={chunks.length} height={24} label="Chunks" sticks row={(n) => (
          <div class="chunk"><span class="num dim">{n + read.start}</span><span class="mono clip">{JSON.stringify(chunks[n])?.slice(0, 400)}</span></div>
        )} />
      )}
    </>
  );
}

function Plain({ chunks }: { chunks: Json[] }) {
  const text = chunks.map((one) => (typeof one === "string" ? one : deltaOf(one))).join("");
  const end = text.slice(-200_000);
  return <pre class="plain" tabIndex={0} aria-label="Text">{text.length > end.length ? `… ${text.length - end.length} characters before\n` : ""}{end}</pre>;
}

const deltaOf = (chunk: Json): string =>
  typeof chunk === "object" && chunk !== null && !Array.isArray(chunk) && typeof chunk.delta === "string" ? chunk.delta : `${JSON.stringify(chunk)}\n`;

const Conversation = ({ parts }: { parts: Part[] }) => (
  <div class="conversation" tabIndex={0} role="region" aria-label="Conversation">
    {parts.map((part, n) => <OnePart key={n} part={part} />)}
  </div>
);

function OnePart({ part }: { part: Part }) {
  switch (part.kind) {
    case "message":
      return <h3 class="role">{part.role}</h3>;
    case "text":
      return <p class="said">{part.text}</p>;
    case "reasoning":
      return <p class="said dim">{part.text}</p>;
    case "call":
      return (
        <div class="call">
          <p><b class="mono">{part.name}</b> {part.approval && <span class="tag">{part.approval}</span>} {part.error && <span class="bad">{part.error}</span>}</p>
          {part.input !== undefined && <div><span class="dim">in</span> <View value={part.input} open={1} /></div>}
          {part.output !== undefined && <div><span class="dim">out</span> <View value={part.output} open={1} /></div>}
        </div>
      );
  }
}
