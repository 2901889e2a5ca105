// How the runs of this page have begun and ended over time: a few bars of SVG.
import { time } from "../time.ts";
import { STATUSES, type RunInfo } from "../types.ts";

const BINS = 40;
const HEIGHT = 34;

export function Chart({ runs }: { runs: RunInfo[] }) {
  const counts = STATUSES.map((status) => [status, runs.filter((run) => run.status === status).length] as const).filter(([, n]) => n);
  const said = counts.map(([status, n]) => `${n} ${status}`).join(", ");
  if (!runs.length) return null;
  return (
    <figure class="chart" title="The runs of this page by the time they were started">
      <svg viewBox={`0 0 ${BINS * 6} ${HEIGHT}`} width={BINS * 6} height={HEIGHT} role="img" aria-label={`The runs of this page: ${said}`}>
        {bins(runs).flatMap((bin, x) => {
          let y = HEIGHT;
          return bin.map(([status, size]) => {
            y -= size;
            return <rect key={`${x}${status}`} class={status} x={x * 6} y={y} width={5} height={size} rx={1} />;
          });
        })}
      </svg>
      <figcaption>{counts.map(([status, n]) => <span key={status} class={`count ${status}`}><i aria-hidden="true" /><b>{n}</b> {status}</span>)}</figcaption>
    </figure>
  );
}

function bins(runs: RunInfo[]): [string, number][][] {
  const times = runs.map((run) => time(run.created_at));
  const from = Math.min(...times);
  const width = (Math.max(...times) - from) / BINS || 1;
  const found: Map<string, number>[] = Array.from({ length: BINS }, () => new Map());
  runs.forEach((run, n) => {
    const bin = found[Math.min(BINS - 1, Math.floor((times[n]! - from) / width))]!;
    bin.set(run.status, (bin.get(run.status) ?? 0) + 1);
  });
  const most = Math.max(...found.map((bin) => [...bin.values()].reduce((a, b) => a + b, 0)));
  return found.map((bin) => [...bin].map(([status, n]) => [status, (n / most) * HEIGHT]));
}
