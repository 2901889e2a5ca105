import { useState } from "preact/hooks";
import { role } from "../api.ts";
import { Empty, Failed, Loading } from "../parts/small.tsx";
import { Start } from "../parts/start.tsx";
import { useAsked } from "../parts/use.ts";
import { href } from "../router.ts";
import { length } from "../time.ts";
import type { WorkflowEntry } from "../types.ts";

interface Stats {
  of: number;
  success: number | null;
  p50: number | null;
  p90: number | null;
  p99: number | null;
  steps: { name: string; count: number; failed: number; attempts: number; p50: number; longest: number }[];
}

export function Workflows() {
  const { value, problem } = useAsked<{ workflows: WorkflowEntry[] }>("workflows");
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  if (!value.workflows.length) {
    return (
      <Empty title="No workflows are served here">
        <p>These pages look at the database only. With <code>outlast serve FILE</code>, and <code>--url</code> to it, workflows can be started here.</p>
      </Empty>
    );
  }
  return (
    <>
      <h1>Workflows</h1>
      <ul class="cards">{value.workflows.map((one) => <Entry key={one.name} workflow={one} />)}</ul>
    </>
  );
}

function Entry({ workflow }: { workflow: WorkflowEntry }) {
  const [open, setOpen] = useState(false);
  const [summary, ...rest] = workflow.doc.split("\n");
  return (
    <li class="card">
      <h2><a href={href(`runs?workflow=${encodeURIComponent(workflow.name)}`)}>{workflow.name}</a></h2>
      <p class="mono dim">{workflow.signature}</p>
      <p>{summary}</p>
      {rest.join("\n").trim() && <p class="dim pre">{rest.join("\n").trim()}</p>}
      <Figures name={workflow.name} />
      {role.value === "operate" && workflow.startable === false && <p class="dim">Its code is not in the process that serves this API, so it is started elsewhere.</p>}
      {role.value === "operate" && workflow.startable !== false && (
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Not now" : "Start…"}</button>
      )}
      {open && <Start workflow={workflow} />}
    </li>
  );
}

/** How its latest runs went. */
function Figures({ name }: { name: string }) {
  const { value } = useAsked<Stats>(`workflows/${encodeURIComponent(name)}/stats`, 15_000);
  const [open, setOpen] = useState(false);
  if (!value) return <p class="dim">…</p>;
  if (!value.of) return <p class="dim">No runs yet</p>;
  return (
    <div class="figures">
      <p class="row">
        <span>{value.success === null ? "–" : `${(value.success * 100).toFixed(value.success === 1 ? 0 : 1)} %`} <span class="dim">completed</span></span>
        {([["p50", value.p50], ["p90", value.p90], ["p99", value.p99]] as const).map(([what, seconds]) => (
          <span key={what}><span class="dim">{what}</span> {seconds === null ? "–" : length(seconds * 1000)}</span>
        ))}
        <span class="dim">of the latest {value.of} {value.of === 1 ? "run" : "runs"}</span>
        {value.steps.length > 0 && <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>Slowest steps</button>}
      </p>
      {open && (
        <div class="scroll" tabIndex={0} role="region" aria-label={`Slowest steps of ${name}`}>
          <table>
            <thead><tr><th>Step</th><th class="num">p50</th><th class="num">Longest</th><th class="num">Count</th><th class="num">Failed</th><th class="num">Attempts</th></tr></thead>
            <tbody>
              {value.steps.map((one) => (
                <tr key={one.name}><td class="mono">{one.name}</td><td class="num">{length(one.p50 * 1000)}</td><td class="num">{length(one.longest * 1000)}</td><td class="num">{one.count}</td><td class={`num${one.failed ? " bad" : ""}`}>{one.failed}</td><td class="num">{one.attempts}</td></tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
