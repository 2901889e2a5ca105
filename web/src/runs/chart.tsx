// What has become of runs over a window of time: a few bars of SVG.
import { useState } from "preact/hooks";
import { change } from "../router.ts";
import { exact, time } from "../time.ts";
import type { Status } from "../types.ts";

export const BUCKETS = 48;
const HEIGHT = 34;
const WIDTH = 6;
const KINDS = ["started", "completed", "failed"] as const;

export interface Overview {
  counts: Partial<Record<Status, number>>;
  limit: number;
  /** From here on a number of a bucket is an estimate. */
  bucket_limit: number;
  created_from: string;
  created_to: string;
  buckets: { start: string; started: number; completed: number; failed: number; cancelled: number }[];
}

/** Counting stops at a limit. */
export const said = (count: number, limit: number): string => (count >= limit ? `${limit.toLocaleString()}+` : count.toLocaleString());

export function Chart({ overview, params }: { overview: Overview; params: URLSearchParams }) {
  const { buckets } = overview;
  const within = params.get("within");
  const shown = within ? `last ${within}` : params.get("from") || params.get("to") ? "between" : "last 24h";
  const about = (counts: number[]) => (counts.some((one) => one >= overview.bucket_limit) ? "about " : "") + counts.reduce((sum, one) => sum + one, 0).toLocaleString();
  const totals = KINDS.map((what) => [what, about(buckets.map((one) => one[what]))] as const);
  const most = Math.max(1, ...buckets.map((one) => Math.max(one.started, one.completed + one.failed + one.cancelled)));
  const [over, setOver] = useState(-1);
  const size = (count: number) => (count ? Math.max(1.5, (count / most) * HEIGHT) : 0);
  const summary = `${shown}: ${totals.map(([what, total]) => `${total} ${what}`).join(", ")}`;
  return (
    <figure class="chart">
      <figcaption>
        {shown} {totals.map(([what, total]) => <span key={what} class={`count ${what}`}><i aria-hidden="true" />{total} {what}</span>)}
      </figcaption>
      <svg viewBox={`0 0 ${buckets.length * WIDTH} ${HEIGHT}`} width={buckets.length * WIDTH} height={HEIGHT} role="img" aria-label={summary}>
        <rect class="ground" x={0} y={HEIGHT - 1} width={buckets.length * WIDTH} height={1} />
        {buckets.map((one, n) => {
          const failed = size(one.failed + one.cancelled);
          const completed = size(one.completed);
          const end = buckets[n + 1]?.start ?? overview.created_to;
          return (
            <g key={n} onPointerEnter={() => setOver(n)} transform={`translate(${n * WIDTH} 0)`} onClick={() => change({ within: "", from: one.start, to: end, cursor: undefined })}>
              {over === n && <title>{`${exact(time(one.start))}: ${KINDS.map((what) => `${about([one[what]])} ${what}`).join(", ")}. Click to see these`}</title>}
              <rect class="all" x={0} y={0} width={WIDTH} height={HEIGHT} />
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
