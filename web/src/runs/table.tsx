// The rows, and moving through them by keys.
import { useEffect, useRef, useState } from "preact/hooks";
import { role } from "../api.ts";
import { Attributes, Badge, RunLink, Took, Waits, When } from "../parts/small.tsx";
import type { Steady } from "../parts/steady.ts";
import { change, go, pathOf, returned } from "../router.ts";
import type { RunInfo } from "../types.ts";

export type Ids = ReadonlySet<string>;

/** So many rows are drawn at first: those below them would only keep these waiting. */
const IN_SIGHT = 25;

interface TableProps {
  list: Steady<RunInfo>;
  chosen: Ids;
  choose: (ids: Ids) => void;
  at: number;
  sort: string;
}

export function turned(ids: Ids, id: string): Ids {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

export function Table({ list, chosen, choose, at, sort }: TableProps) {
  const may = role.value !== "read";
  const [whole, setWhole] = useState(returned);
  useEffect(() => {
    const timer = setTimeout(() => setWhole(true), 100); // when the first rows have been painted
    return () => clearTimeout(timer);
  }, []);
  const all = list.shown.length > 0 && list.shown.every((run) => chosen.has(run.id));
  return (
    <table class="runs">
      <thead>
        <tr>
          {may && (
            <th class="pick">
              <input type="checkbox" aria-label="Select all of this page" checked={all} disabled={role.value !== "operate"}
                onChange={() => choose(all ? new Set() : new Set(list.shown.map((run) => run.id)))} />
            </th>
          )}
          <th>Status</th><th>Workflow</th><th>Run</th><th>Waiting for</th><Started sort={sort} /><th class="num">Duration</th><th>Attributes</th><th>Version</th>
        </tr>
      </thead>
      <tbody>
        {(whole ? list.shown : list.shown.slice(0, IN_SIGHT)).map((run, index) => (
          <Row key={run.id} run={run} list={list} marked={index === at} chosen={may ? chosen.has(run.id) : undefined} turn={() => choose(turned(chosen, run.id))} />
        ))}
      </tbody>
    </table>
  );
}

/** By when they started, the newest or the oldest first. */
function Started({ sort }: { sort: string }) {
  const by = sort === "" ? "descending" : sort === "created" ? "ascending" : "none";
  return (
    <th aria-sort={by}>
      <button type="button" class="sort" onClick={() => change({ sort: by === "descending" ? "created" : "", cursor: undefined })}>
        Started<span aria-hidden="true"> {by === "descending" ? "▾" : by === "ascending" ? "▴" : ""}</span>
      </button>
    </th>
  );
}

interface RowProps {
  run: RunInfo;
  list: Steady<RunInfo>;
  marked: boolean;
  /** `undefined`: nothing can be chosen here. */
  chosen: boolean | undefined;
  turn: () => void;
}

function Row({ run, list, marked, chosen, turn }: RowProps) {
  const gone = list.gone.has(run.id);
  const looks = [marked && "at", gone && "gone", list.fresh.has(run.id) && "fresh"].filter(Boolean).join(" ");
  return (
    <tr class={looks} data-at={marked ? "" : undefined} title={gone ? "No longer in this list" : undefined} onClick={(event) => open(event, run.id)}>
      {chosen !== undefined && (
        <td class="pick"><input type="checkbox" aria-label={`Select ${run.id}`} checked={chosen} disabled={role.value !== "operate"} onChange={turn} /></td>
      )}
      <td class="status"><Badge status={run.status} /></td>
      <td class="workflow" title={run.workflow}>{run.workflow}</td>
      <td class="id"><RunLink id={run.id} /></td>
      <td class="waits"><Waits run={run} /></td>
      <td class="started"><When at={run.created_at} /></td>
      <td class="num took"><Took run={run} /></td>
      <td class="attributes"><Attributes run={run} /></td>
      <td class="mono dim version" title={run.version}>{run.version.slice(0, 12)}</td>
    </tr>
  );
}

/** A click anywhere in a row opens the run, but not one that selects, nor one that ends the marking of text. */
function open(event: MouseEvent, id: string): void {
  const target = event.target as Element;
  if (target.closest("a, button, input, .pick") || getSelection()?.toString()) return;
  go(pathOf(id));
}

/** `j` and `k` move through the table, Enter opens, `x` selects, `/` goes to the search; Escape leaves. */
export function useKeys(select: (run: RunInfo) => void): [at: number, shown: (runs: readonly RunInfo[]) => void] {
  const [id, setId] = useState("");
  const now = useRef<{ runs: readonly RunInfo[]; at: number; select: typeof select }>({ runs: [], at: -1, select });
  now.current.select = select;
  const at = now.current.runs.findIndex((run) => run.id === id);
  now.current.at = at;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const { runs, at, select } = now.current;
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (event.key === "Escape") {
        (event.target as HTMLElement).blur?.();
        return setId("");
      }
      const target = event.target as Element;
      if (target.closest("input:not([type=checkbox]), select, textarea") || (event.key === "Enter" && target.closest("button, a, input"))) return;
      const run = runs[at];
      if (event.key === "j" || event.key === "ArrowDown") setId(runs[Math.min(at + 1, runs.length - 1)]?.id ?? "");
      else if (event.key === "k" || event.key === "ArrowUp") setId(runs[Math.max(at - 1, 0)]?.id ?? "");
      else if (event.key === "Enter" && run) go(pathOf(run.id));
      else if (event.key === "x" && run) select(run);
      else if (event.key === "/") document.getElementById("find")?.focus();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  useEffect(() => document.querySelector("[data-at]")?.scrollIntoView({ block: "nearest" }), [id]);
  return [at, (runs) => (now.current.runs = runs)];
}
