import { useState } from "preact/hooks";
import { role } from "../api.ts";
import { Empty, Failed, Loading } from "../parts/small.tsx";
import { Start } from "../parts/start.tsx";
import { useAsked } from "../parts/use.ts";
import { href } from "../router.ts";
import type { WorkflowEntry } from "../types.ts";

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
      {role.value === "operate" && (
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Not now" : "Start…"}</button>
      )}
      {open && <Start workflow={workflow} />}
    </li>
  );
}
