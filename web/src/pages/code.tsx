// The workflow's source as it was when the run started, with the lines at which it waits.
import { Empty, Failed, Loading } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import type { RunInfo } from "../types.ts";

interface Source {
  file: string;
  line: number;
  source: string;
  version: string;
  awaits?: { file: string; line: number; kind: string; id: string }[];
}

export function Code({ run }: { run: RunInfo }) {
  const { value, problem } = useAsked<Source>(`runs/${run.id}/source`, run.ended_at ? 0 : 3000);
  if (problem?.status === 404) return <Empty title="The source was not kept"><p>No worker has told what the code of version <span class="mono">{run.version}</span> is.</p></Empty>;
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  const name = value.file.replace(/^.*\//, "");
  const waits = (number: number) => (value.awaits ?? []).filter((one) => one.line === number && one.file === name);
  return (
    <section aria-label="Code">
      <p class="dim mono">{value.file} · {value.version}</p>
      <div class="code mono" tabIndex={0} role="region" aria-label="Source">
        {value.source.split("\n").map((text, n) => {
          const here = waits(value.line + n);
          return (
            <div key={n} class={here.length ? "here" : ""}>
              <span class="num dim">{value.line + n}</span><span>{text || " "}</span>
              {here.length > 0 && <b>◂ waits: {here.map((one) => one.id).join(", ")}</b>}
            </div>
          );
        })}
      </div>
    </section>
  );
}
