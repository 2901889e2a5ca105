// One run: what it is, what it does, and what to press.
import "../../style/run.css";
import { useEffect } from "preact/hooks";
import { post } from "../api.ts";
import { closing } from "../parts/closing.ts";
import { Failed, Loading } from "../parts/small.tsx";
import { change, href, pathOf, place } from "../router.ts";
import { Head } from "../run/head.tsx";
import { useRun } from "../run/use_run.ts";
import { Panel } from "../trace/panel.tsx";
import { rowAt } from "../trace/rows.ts";
import { Trace } from "../trace/trace.tsx";
import { Code } from "./code.tsx";
import { Events } from "./events.tsx";
import { Streams } from "./streams.tsx";

const TABS = ["timeline", "events", "streams", "code"] as const;

export function RunPage({ id }: { id: string }) {
  const { run, log, changes, problem, again } = useRun(id);
  const { query } = place.value;
  const tab = TABS.find((one) => one === query.get("tab")) ?? "timeline";
  useEffect(() => {
    document.title = run ? `${run.workflow} ${run.status} · Outlast` : "Outlast";
    return () => void (document.title = "Outlast");
  }, [run?.status]);
  if (problem) return <Failed problem={problem} />;
  if (!run) return <Loading />;
  const chosen = query.get("row") ?? "";
  const choose = (row: string) => change({ row }, true);
  const row = rowAt(log, run, chosen);
  const { leave, onKeyDown } = closing(row.key ? () => choose("") : undefined);
  const act = (path: string, body: object = {}) => post(`${pathOf(id)}/${path}`, body).then(again);
  return (
    <>
      <Head run={run} act={act} log={log} changes={changes} />
      <nav class="tabs" aria-label="Views of the run">
        {TABS.map((one) => <a key={one} href={href(`${pathOf(id)}${one === "timeline" ? "" : `?tab=${one}`}`)} aria-current={one === tab ? "page" : undefined}>{one}</a>)}
      </nav>
      {tab === "timeline" && (
        <div class={`split${row.key ? " chosen" : ""}`} onKeyDown={onKeyDown}>
          <Trace log={log} changes={changes} run={run} selected={row.key} select={(one) => choose(one.key)} />
          <Panel key={row.key} row={row} log={log} run={run} close={leave} choose={choose} wake={() => act("wake")} toEvent={(position) => change({ tab: "events", row: undefined, at: String(position) })} />
        </div>
      )}
      {tab === "events" && <Events log={log} changes={changes} run={run} at={Number(query.get("at") ?? -1)} show={(position) => change({ at: position === undefined ? undefined : String(position) }, true)} />}
      {tab === "streams" && <Streams run={run} />}
      {tab === "code" && <Code run={run} log={log} changes={changes} />}
    </>
  );
}
