// The log of a run: every position, and what it holds.
import { useMemo, useState } from "preact/hooks";
import { bytes, get } from "../api.ts";
import { closing } from "../parts/closing.ts";
import { Payload, save } from "../parts/json.tsx";
import { Virtual } from "../parts/virtual.tsx";
import { pathOf } from "../router.ts";
import { exact, length, time } from "../time.ts";
import type { Log } from "../trace/model.ts";
import type { EventRecord, RunInfo } from "../types.ts";

export function Events({ log, changes, run, at, show }: { log: Log; changes: number; run: RunInfo; at: number; show: (position: number | undefined) => void }) {
  const [text, setText] = useState("");
  const found = useMemo(() => log.events.filter((one) => fits(one, text.toLowerCase())), [log, changes, text]);
  const chosen = log.events[at];
  const start = time(run.created_at);
  const { leave, onKeyDown } = closing(chosen && (() => show(undefined)));
  return (
    <section class={`split${chosen ? " chosen" : ""}`} aria-label="Events" onKeyDown={onKeyDown}>
      <div class="side">
        <div class="bar">
          <input type="search" aria-label="Find in the log" placeholder="Find in the log" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          <span class="dim">{found.length.toLocaleString()} {found.length === 1 ? "event" : "events"}</span>
          <span class="spring" />
          <button class="quiet" type="button" onClick={async () => save(JSON.stringify(await uncut(run.id, found), null, 2), `${run.id}-events.json`)}>Export</button>
        </div>
        <Virtual count={found.length} height={24} label="The log" at={text ? -1 : at} row={(n) => {
          const one = found[n]!;
          return (
            <button type="button" class={`event${one.position === at ? " selected" : ""}`} aria-pressed={one.position === at} onClick={() => show(one.position)}>
              <span class="num dim">{one.position}</span>
              <span class="num dim" title={exact(time(one.at))}>{length(time(one.at) - start)}</span>
              <span class={one.kind.endsWith("failed") || one.kind.endsWith("retried") ? "bad" : ""}>{one.kind.replaceAll("_", " ")}</span>
              <span class="mono dim clip">{String(one.data.id ?? one.data.workflow ?? "")}</span>
            </button>
          );
        }} />
      </div>
      <aside class="panel" aria-label="Details">
        {chosen ? (
          <>
            <header>
              <h2>#{chosen.position} {chosen.kind.replaceAll("_", " ")}</h2>
              <button class="quiet close" type="button" aria-label="Close" onClick={leave}>✕</button>
            </header>
            <p class="dim">{exact(time(chosen.at))}</p>
            <Payload key={chosen.position} value={chosen.data} name={`${run.id}-${chosen.position}`} />
            {cut(chosen) && <button type="button" onClick={() => whole(run.id, chosen.position)}>Download it whole</button>}
          </>
        ) : <p class="dim">Choose an event to see what it holds.</p>}
      </aside>
    </section>
  );
}

const cut = (one: EventRecord): boolean => Object.values(one.data).some((value) => typeof value === "object" && value !== null && "$cut" in value);

/** The same events with all that is in them: the page has long values cut. */
async function uncut(id: string, found: EventRecord[]): Promise<EventRecord[]> {
  if (!found.some(cut)) return found;
  const wanted = new Set(found.map((one) => one.position));
  const all: EventRecord[] = [];
  for (let start: number | null = 0; start !== null; ) {
    const page: { events: EventRecord[]; next: number | null } = await get(`${pathOf(id)}/events?start=${start}&limit=1000`);
    all.push(...page.events.filter((one) => wanted.has(one.position)));
    start = page.next;
  }
  return all;
}

async function whole(id: string, position: number): Promise<void> {
  save(await bytes(`${pathOf(id)}/events/${position}`), `${id}-${position}.json`);
}

const texts = new WeakMap<EventRecord, string>();

function fits(one: EventRecord, text: string): boolean {
  if (!text) return true;
  let hay = texts.get(one);
  if (hay === undefined) texts.set(one, (hay = `${one.kind.replaceAll("_", " ")} ${one.kind} ${JSON.stringify(one.data)}`.toLowerCase()));
  return hay.includes(text);
}
