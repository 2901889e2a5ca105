import { useState } from "preact/hooks";
import { role } from "../api.ts";
import { Empty, Failed, Loading } from "../parts/small.tsx";
import { Start } from "../parts/start.tsx";
import { useAsked } from "../parts/use.ts";
import { href } from "../router.ts";
import { length } from "../time.ts";
import type { Status, WorkflowEntry } from "../types.ts";

/** More than so many need a search. */
const SOME = 8;

interface Stats {
  of: number;
  counts: Partial<Record<Status, number>>;
  success: number | null;
  p50: number | null;
  p90: number | null;
  p99: number | null;
  steps: { name: string; count: number; failed: number; attempts: number; p50: number; longest: number }[];
}

export function Workflows() {
  const { value, problem } = useAsked<{ workflows: WorkflowEntry[] }>("workflows", 15_000);
  const [find, setFind] = useState("");
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  if (!value.workflows.length) {
    return (
      <Empty title="No workflows are served here">
        <p>No worker has told of any yet: <code>outlast worker FILE</code>, or <code>outlast serve FILE</code>.</p>
      </Empty>
    );
  }
  const shown = value.workflows.filter((one) => `${one.name} ${one.doc}`.toLowerCase().includes(find.toLowerCase()));
  return (
    <>
      <div class="row">
        <h1>Workflows <span class="dim">{value.workflows.length}</span></h1>
        {value.workflows.length > SOME && <input type="search" aria-label="Find workflows" placeholder="Find" value={find} onInput={(event) => setFind(event.currentTarget.value)} />}
      </div>
      {shown.length ? <ul class="cards">{shown.map((one) => <Entry key={one.name} workflow={one} />)}</ul> : <Empty title="No workflow is like that" />}
    </>
  );
}

function Entry({ workflow }: { workflow: WorkflowEntry }) {
  const [open, setOpen] = useState(false);
  const [summary, ...rest] = workflow.doc.split("\n");
  const may = role.value === "operate";
  return (
    <li class="card workflow-card">
      <div class="about">
        <h2><a href={href(`runs?workflow=${encodeURIComponent(workflow.name)}`)}>{workflow.name}</a></h2>
        <p class="mono dim">{workflow.signature}</p>
        <p>{summary}</p>
        {rest.join("\n").trim() && <p class="dim pre">{rest.join("\n").trim()}</p>}
        <p class="dim">
          {workflow.queues.length === 0 ? <span class="bad">no worker takes its runs</span> : <>{workflow.queues.length > 1 ? "queues" : "queue"} {workflow.queues.join(", ")}</>}
          {workflow.versions.map((version) => <span key={version}> · <a class="mono" href={href(`runs?workflow=${encodeURIComponent(workflow.name)}&version=${encodeURIComponent(version)}`)}>{version}</a></span>)}
        </p>
      </div>
      <Figures name={workflow.name} />
      {may && (
        <div class="act">
          {workflow.startable === false
            ? <span class="dim">Started elsewhere: its code is not in the process that serves this API.</span>
            : <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Not now" : "Start…"}</button>}
        </div>
      )}
      {open && may && <Start workflow={workflow} />}
    </li>
  );
}

/** How its latest runs went. */
function Figures({ name }: { name: string }) {
  const { value, problem } = useAsked<Stats>(`workflows/${encodeURIComponent(name)}/stats`, 15_000);
  const [open, setOpen] = useState(false);
  if (!value) return <div class="figures dim">{problem ? problem.detail : "…"}</div>;
  if (!value.of) return <div class="figures dim">No runs yet</div>;
  const ended = value.success !== null;
  const over = (["completed", "failed", "cancelled"] as const).reduce((sum, status) => sum + (value.counts[status] ?? 0), 0);
  return (
    <div class="figures">
      <dl>
        <div><dt>completed</dt><dd class={ended && value.success! < 0.9 ? "bad" : ""}>{ended ? `${(value.success! * 100).toFixed(value.success === 1 || value.success === 0 ? 0 : 1)} %` : "–"}</dd></div>
        {([["p50", value.p50], ["p90", value.p90], ["p99", value.p99]] as const).map(([what, seconds]) => (
          <div key={what}><dt>{what}</dt><dd>{seconds === null ? "–" : length(seconds * 1000)}</dd></div>
        ))}
      </dl>
      <p class="dim">
        {`of the latest ${value.of} ${value.of === 1 ? "run" : "runs"}, ${over === value.of ? "all over" : `${over || "none"} over`}`}
        {value.steps.length > 0 && <> <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>Slowest steps</button></>}
      </p>
      {open && <Steps name={name} steps={value.steps} />}
    </div>
  );
}

function Steps({ name, steps }: { name: string; steps: Stats["steps"] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`Slowest steps of ${name}`}>
      <table>
        <thead><tr><th>Step</th><th class="num">p50</th><th class="num">Longest</th><th class="num">Count</th><th class="num">Failed</th><th class="num">Attempts</th></tr></thead>
        <tbody>
          {steps.map((one) => (
            <tr key={one.name}><td class="mono">{one.name}</td><td class="num">{length(one.p50 * 1000)}</td><td class="num">{length(one.longest * 1000)}</td><td class="num">{one.count}</td><td class={`num${one.failed ? " bad" : ""}`}>{one.failed}</td><td class="num">{one.attempts}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
