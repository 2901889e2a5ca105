import { useEffect } from "preact/hooks";
import { Empty, Failed, Loading, When } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { href } from "../router.ts";
import { tick, time } from "../time.ts";
import type { WorkerInfo, WorkflowEntry } from "../types.ts";

/** Milliseconds: a worker that was silent for so long has lost its leases, or will soon. */
const LATE = 30_000;

export function Workers() {
  const { value, problem } = useAsked<{ workers: WorkerInfo[] }>("workers", 3000);
  const entries = useAsked<{ workflows: WorkflowEntry[] }>("workflows", 30_000);
  const served = entries.value?.workflows ?? [];
  // A worker that has come since: what it serves is asked for at once.
  const unknown = value?.workers.some((one) => !served.some((workflow) => workflow.versions.includes(one.version)));
  useEffect(() => void (unknown && entries.again()), [value]);
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  const { workers } = value;
  if (!workers.length) {
    return <Empty title="No worker"><p>Runs wait until one comes: <code>outlast worker FILE</code></p></Empty>;
  }
  return (
    <>
      <h1>Workers <span class="dim">{summary(workers)}</span></h1>
      <div class="scroll" tabIndex={0} role="region" aria-label="Workers">
        <table class="stacks">
          <thead>
            <tr><th>Worker</th><th>Serves</th><th>Queues</th><th class="num">Runs</th><th class="num">Attempts</th><th>Heartbeat</th><th>Started</th><th>Version</th></tr>
          </thead>
          <tbody>{workers.map((one) => <Worker key={one.id} worker={one} serves={served.filter((workflow) => workflow.versions.includes(one.version))} />)}</tbody>
        </table>
      </div>
    </>
  );
}

const plural = (number: number, what: string): string => `${number.toLocaleString()} ${what}${number === 1 ? "" : "s"}`;

function summary(workers: WorkerInfo[]): string {
  const of = (what: "live_runs" | "attempts") => workers.reduce((sum, one) => sum + one[what], 0);
  const versions = new Set(workers.map((one) => one.version)).size;
  return `${workers.length === 1 ? "one process" : `${workers.length} processes`} with ${plural(of("live_runs"), "live run")} and ${plural(of("attempts"), "attempt")}${versions > 1 ? `, ${versions} versions` : ""}`;
}

function Worker({ worker, serves }: { worker: WorkerInfo; serves: WorkflowEntry[] }) {
  const late = tick.value - time(worker.heartbeat_at) > LATE;
  return (
    <tr>
      <td data-name="Worker"><span class="mono">{worker.id}</span> <span class="dim">{worker.host}, process {worker.pid}</span></td>
      <td data-name="Serves" class="serves">
        {serves.length ? serves.map((one) => <a key={one.name} href={href(`runs?workflow=${encodeURIComponent(one.name)}`)}>{one.name}</a>) : <span class="dim">no workflow that is known</span>}
      </td>
      <td data-name="Queues">{worker.queues.join(", ")}</td>
      <td data-name="Runs" class="num">{worker.live_runs}</td>
      <td data-name="Attempts" class="num">{worker.attempts}</td>
      <td data-name="Heartbeat" class={late ? "bad" : ""}><When at={worker.heartbeat_at} />{late && ": silent"}</td>
      <td data-name="Started"><When at={worker.started_at} /></td>
      <td data-name="Version" class="mono dim">{worker.version}</td>
    </tr>
  );
}
