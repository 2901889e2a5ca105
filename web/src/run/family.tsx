// The runs that a run belongs to: its parents and their children.
import { useState } from "preact/hooks";
import { Badge, RunLink, Took } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { pathOf } from "../router.ts";
import { isOver, type RunInfo } from "../types.ts";

/** Its parents, and how many children it has. */
export function Family({ run }: { run: RunInfo }) {
  const { value } = useAsked<{ runs: RunInfo[]; more: boolean }>(`${pathOf(run.id)}/tree`, isOver(run.status) ? 0 : 10_000);
  const [open, setOpen] = useState(false);
  if (!value || value.runs.length < 2) return null;
  const depths = new Map<string, number>();
  for (const one of value.runs) depths.set(one.id, one.parent ? (depths.get(one.parent) ?? -1) + 1 : 0);
  return (
    <>
      <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "▾" : "▸"} {value.runs.length}{value.more ? "+" : ""} runs in its tree</button>
      {open && (
        <ul class="tree">
          {inTree(value.runs).map((one) => (
            <li key={one.id} style={{ paddingLeft: `${(depths.get(one.id) ?? 0) * 16}px` }}>
              <Badge status={one.status} /> {one.id === run.id ? <b>{one.workflow}</b> : one.workflow} <RunLink id={one.id} /> <span class="dim"><Took run={one} /></span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Each run before its children. */
function inTree(runs: RunInfo[]): RunInfo[] {
  const known = new Set(runs.map((one) => one.id));
  const below = (parent: RunInfo): RunInfo[] => [parent, ...runs.filter((one) => one.parent === parent.id).flatMap(below)];
  return runs.filter((one) => !one.parent || !known.has(one.parent)).flatMap(below);
}

