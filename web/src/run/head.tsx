// What a run is, and what may be pressed.
import { role } from "../api.ts";
import { Actions } from "../parts/actions.tsx";
import { showing } from "../parts/commands.ts";
import { Attributes, Badge, Copy, RunLink, Took, When } from "../parts/small.tsx";
import type { Log } from "../trace/model.ts";
import { isOver, type RunInfo } from "../types.ts";
import { Family } from "./family.tsx";
import { Now } from "./now.tsx";

interface HeadProps {
  run: RunInfo;
  act: (path: string, body?: object) => Promise<void>;
  log: Log;
  /** Counts the changes of the log, which grows in place. */
  changes: number;
}

export function Head({ run, act, log, changes }: HeadProps) {
  return (
    <header class="run-head">
      <div class="row">
        <Badge status={run.status} />
        <h1>{run.workflow}</h1>
        <span class="mono dim id">{run.id}</span><Copy text={run.id} />
        <span class="spring" />
        {role.value === "operate" && <Actions run={run} log={log} act={act} />}
        <Copy text={showing(run)} label="Copy command" />
      </div>
      <div class="row facts">
        <span><span class="dim">started</span> <When at={run.created_at} /></span>
        <span><span class="dim">{isOver(run.status) ? "took" : "for"}</span> <Took run={run} /></span>
        {run.worker && <span><span class="dim">on</span> <span class="mono">{run.worker}</span></span>}
        <span><span class="dim">version</span> <span class="mono">{run.version}</span></span>
        {run.parent && <span><span class="dim">child of</span> <RunLink id={run.parent} /></span>}
        <Family run={run} />
        <Attributes run={run} />
      </div>
      <Now run={run} log={log} changes={changes} />
    </header>
  );
}
