import { Empty, Failed, Loading, When } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { tick, time } from "../time.ts";
import type { WorkerInfo } from "../types.ts";

const LATE = 30_000;

export function Workers() {
  const { value, problem } = useAsked<{ workers: WorkerInfo[] }>("workers", 3000);
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  if (!value.workers.length) {
    return <Empty title="No worker"><p>Runs wait until one comes: <code>outlast worker FILE</code></p></Empty>;
  }
  return (
    <>
      <h1>Workers</h1>
      <div class="scroll" tabIndex={0} role="region" aria-label="Workers">
        <table>
          <thead>
            <tr><th>Worker</th><th>Host</th><th>Queues</th><th class="num">Runs</th><th class="num">Attempts</th><th>Heartbeat</th><th>Started</th><th>Version</th></tr>
          </thead>
          <tbody>
            {value.workers.map((one) => (
              <tr key={one.id}>
                <td class="mono">{one.id}</td>
                <td>{one.host} <span class="dim">{one.pid}</span></td>
                <td>{one.queues.join(", ")}</td>
                <td class="num">{one.live_runs}</td>
                <td class="num">{one.attempts}</td>
                <td class={tick.value - time(one.heartbeat_at) > LATE ? "bad" : ""}><When at={one.heartbeat_at} /></td>
                <td><When at={one.started_at} /></td>
                <td class="mono dim">{one.version}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
