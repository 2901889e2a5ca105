import { useState } from "preact/hooks";
import { role } from "../api.ts";
import { Payload } from "../parts/json.tsx";
import { Resume } from "../parts/resume.tsx";
import { Copy, Empty, Failed, Loading, RunLink, When } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import type { HookInfo } from "../types.ts";

export function Hooks() {
  const may = role.value === "operate";
  const { value, problem, again } = useAsked<{ hooks: HookInfo[]; cursor: string | null }>(may ? "hooks?limit=1000" : undefined, 3000);
  if (role.value === "read") return <Empty title="Hooks are not shown here"><p>Who sees one can resume it, and this is read only.</p></Empty>;
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  if (!value.hooks.length) return <Empty title="Nothing waits for the outside"><p>Hooks and webhooks that runs have opened are listed here, oldest first.</p></Empty>;
  const oldest = [...value.hooks].reverse();
  return (
    <>
      <h1>Hooks <span class="dim">{value.hooks.length}{value.cursor ? "+" : ""} waiting, oldest first</span></h1>
      <ul class="cards">{oldest.map((one) => <Hook key={one.token} hook={one} done={again} />)}</ul>
    </>
  );
}

function Hook({ hook, done }: { hook: HookInfo; done: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <li class="card">
      <button class="fold" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span aria-hidden="true">{open ? "▾" : "▸"}</span> <b>{String(hook.schema?.title ?? hook.id.replace(/#1$/, ""))}</b>
      </button>{" "}
      <span class="dim">{hook.kind} of</span> <RunLink id={hook.run_id} />{" "}
      <span class="dim">opened <When at={hook.created_at} />{hook.expires_at && <>, expires <When at={hook.expires_at} /></>}</span>
      <span class="tags">
        {Object.entries(hook.metadata).map(([name, value]) => (
          <span class="tag" key={name}><b>{name}</b> {typeof value === "string" ? value : JSON.stringify(value)}</span>
        ))}
      </span>
      {open && (
        <div class="two">
          <Resume hook={hook} done={done} />
          <div>
            <p><span class="dim">token</span> <code>{hook.token.slice(0, 6)}…</code> <Copy text={hook.token} label="Copy token" /></p>
            {hook.url && <p><Copy text={hook.url} label="Copy URL" /></p>}
            {Object.keys(hook.metadata).length > 0 && <Payload value={hook.metadata} name="metadata" />}
          </div>
        </div>
      )}
    </li>
  );
}
