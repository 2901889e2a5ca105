// What has become of runs over a window of time: a few bars of SVG.
import { exact, time } from "../time.ts";
import type { Status } from "../types.ts";

export const BUCKETS = 48;
const HEIGHT = 34;
const WIDTH = 6;

export interface Overview {
  counts: Partial<Record<Status, number>>;
  limit: number;
  created_from: string;
  created_to: string;
  buckets: { start: string; started: number; completed: number; failed: number; cancelled: number }[];
}

/** Counting stops at a limit. */
export const said = (count: number, limit: number): string => (count >= limit ? `${limit.toLocaleString()}+` : count.toLocaleString());

export function Chart({ overview, within }: { overview: Overview; within: string }) {
  const { buckets } = overview;
  const total = (what: "started" | "completed" | "failed") => buckets.reduce((sum, one) => sum + one[what], 0);
  const most = Math.max(1, ...buckets.map((one) => Math.max(one.started, one.completed + one.failed + one.cancelled)));
  const size = (count: number) => (count ? Math.max(1.5, (count / most) * HEIGHT) : 0);
  const summary = `last ${within}: ${total("started")} started, ${total("completed")} completed, ${total("failed")} failed`;
  return (
    <figure class="chart">
      <figcaption>{summary}</figcaption>
      <svg viewBox={`0 0 ${buckets.length * WIDTH} ${HEIGHT}`} width={buckets.length * WIDTH} height={HEIGHT} role="img" aria-label={summary}>
        <rect class="ground" x={0} y={HEIGHT - 1} width={buckets.length * WIDTH} height={1} />
        {buckets.map((one, n) => {
          const failed = size(one.failed + one.cancelled);
          const completed = size(one.completed);
          return (
            <g key={n} transform={`translate(${n * WIDTH} 0)`}>
              <title>{`${exact(time(one.start))}: ${one.started} started, ${one.completed} completed, ${one.failed} failed`}</title>
              <rect class="started" x={0} y={HEIGHT - size(one.started)} width={WIDTH - 1} height={size(one.started)} />
              <rect class="completed" x={1} y={HEIGHT - completed - failed} width={WIDTH - 3} height={completed} />
              <rect class="failed" x={1} y={HEIGHT - failed} width={WIDTH - 3} height={failed} />
            </g>
          );
        })}
      </svg>
    </figure>
  );
}
