// All that waits for the outside, the oldest first.
import { useState } from "preact/hooks";
import { get, role } from "../api.ts";
import { Payload } from "../parts/json.tsx";
import { Resume } from "../parts/resume.tsx";
import { Copy, Empty, Failed, Loading, RunLink, When } from "../parts/small.tsx";
import { useHeld, useSteady } from "../parts/steady.ts";
import { useAsked } from "../parts/use.ts";
import type { HookInfo } from "../types.ts";

const PAGE = 1000;
/** So many pages are asked for at most. */
const PAGES = 10;
const AT_ONCE = 100;

interface All {
  hooks: HookInfo[];
  /** Whether there are newer ones, which nobody has asked for. */
  more: boolean;
}

export function Hooks() {
  const may = role.value === "operate";
  const [many, setMany] = useState(false);
  const { value, problem, again } = useAsked<All>(may ? "hooks" : undefined, many ? 30_000 : 3000, all);
  const [number, setNumber] = useState(AT_ONCE);
  const { held, on } = useHeld();
  const [lately, setLately] = useState(false);
  const list = useSteady(value?.hooks, (one) => one.token, held || lately, "hooks");
  /** What was resumed here stays to be seen for a moment. */
  const done = () => {
    setLately(true);
    setTimeout(() => setLately(false), 4000);
    again();
  };
  if (value && value.hooks.length >= PAGE !== many) setMany(!many);
  if (role.value === "read") return <Empty title="Hooks are not shown here"><p>Who sees one can resume it, and this is read only.</p></Empty>;
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  if (!list.shown.length) return <Empty title="Nothing waits for the outside"><p>Hooks and webhooks that runs have opened are listed here, oldest first.</p></Empty>;
  return (
    <>
      <h1>Hooks <span class="dim">{value.hooks.length.toLocaleString()}{value.more && "+"} waiting, oldest first</span></h1>
      <ul class="cards dense" {...on}>
        {list.shown.slice(0, number).map((one) => <Hook key={one.token} hook={one} gone={list.gone.has(one.token)} done={done} />)}
      </ul>
      {list.shown.length > number && <div class="row"><button type="button" onClick={() => setNumber(number + AT_ONCE)}>Show {Math.min(AT_ONCE, list.shown.length - number)} more</button></div>}
      {list.news > 0 && <p class="dim" role="status">{list.news} more have come</p>}
    </>
  );
}

async function all(path: string, stop: AbortSignal): Promise<All> {
  const hooks: HookInfo[] = [];
  let cursor: string | null = "";
  for (let pages = 0; pages < PAGES && cursor !== null; pages++) {
    const page: { hooks: HookInfo[]; cursor: string | null } = await get(`${path}?sort=created&limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, stop);
    hooks.push(...page.hooks);
    cursor = page.cursor;
  }
  return { hooks, more: cursor !== null };
}

function Hook({ hook, gone, done }: { hook: HookInfo; gone: boolean; done: () => void }) {
  const [open, setOpen] = useState(false);
  const name = String(hook.schema?.title ?? (hook.id.replace(/^.*\//, "").replace(/#1$/, "") || hook.kind));
  return (
    <li class={`card hook${gone ? " gone" : ""}`}>
      <button class="fold" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span aria-hidden="true">{open ? "▾" : "▸"}</span> <b>{name}</b>
      </button>
      <span><span class="dim">{hook.kind} of</span> <RunLink id={hook.run_id} /></span>
      <span class="dim">{gone ? "waits no more" : <>opened <When at={hook.created_at} />{hook.expires_at && <>, expires <When at={hook.expires_at} /></>}</>}</span>
      <span class="token"><span class="dim">token</span> <code title={hook.token}>{hook.token}</code> <Copy text={hook.token} label="Copy token" />{hook.url && <Copy text={hook.url} label="Copy URL" />}</span>
      <span class="tags">
        {Object.entries(hook.metadata).map(([name, value]) => (
          <span class="tag" key={name} title={typeof value === "string" ? value : JSON.stringify(value)}><b>{name}</b> {typeof value === "string" ? value : JSON.stringify(value)}</span>
        ))}
      </span>
      {open && (
        <div class="two">
          <Resume hook={hook} done={done} />
          {Object.keys(hook.metadata).length > 0 && <div><h3>Metadata</h3><Payload value={hook.metadata} name="metadata" /></div>}
        </div>
      )}
    </li>
  );
}
