// Acting on the runs that are selected.
import { useState } from "preact/hooks";
import { post, told } from "../api.ts";
import { Dialog } from "../parts/dialog.tsx";
import type { RunInfo } from "../types.ts";
import type { Ids } from "./table.tsx";

/** As many as the API takes at once. */
const TOGETHER = 500;

interface Result {
  run_id: string;
  /** False, without a problem: it was over. */
  done: boolean;
  problem: string | null;
}

export interface Said {
  good: boolean;
  text: string;
}

interface BulkProps {
  chosen: Ids;
  shown: readonly RunInfo[];
  choose: (ids: Ids) => void;
  say: (said: Said | undefined) => void;
}

/** What cannot be done stays selected, and the first reason is told. */
export function Bulk({ chosen, shown, choose, say }: BulkProps) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const act = async (what: "cancel" | "rerun", more: object = {}) => {
    setBusy(true);
    say(undefined);
    try {
      const results = await inParts(what, [...chosen], more);
      const failed = results.filter((one) => one.problem);
      const done = results.filter((one) => one.done).length;
      const over = results.length - done - failed.length;
      const parts = [
        what === "cancel" ? `${runs(done)} told to stop` : `${runs(done)} started again`,
        over && `${runs(over)} over already`,
        failed.length && `${runs(failed.length)} not: ${failed[0]!.problem}`,
      ];
      choose(new Set(failed.map((one) => one.run_id)));
      say({ good: !failed.length, text: parts.filter(Boolean).join(", ") });
    } catch (error) {
      say({ good: false, text: told(error).detail });
    }
    setBusy(false);
    setAsking(false);
  };
  const away = chosen.size - shown.filter((run) => chosen.has(run.id)).length;
  return (
    <>
      <b>{chosen.size} selected{away > 0 && `, ${away} not in sight`}</b>
      <button type="button" disabled={busy} onClick={() => setAsking(true)}>Cancel them…</button>
      <button type="button" disabled={busy} onClick={() => void act("rerun")}>Run them again</button>
      <button type="button" class="quiet" onClick={() => choose(new Set())}>Clear</button>
      {asking && <Cancel number={chosen.size} act={(reason) => act("cancel", { reason })} close={() => setAsking(false)} />}
    </>
  );
}

const runs = (number: number): string => `${number} ${number === 1 ? "run" : "runs"}`;

async function inParts(what: string, ids: string[], more: object): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < ids.length; from += TOGETHER) {
    results.push(...(await post<{ results: Result[] }>(`bulk/${what}`, { run_ids: ids.slice(from, from + TOGETHER), ...more })).results);
  }
  return results;
}

function Cancel({ number, act, close }: { number: number; act: (reason: string | null) => Promise<void>; close: () => void }) {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const reason = String(new FormData(event.target as HTMLFormElement).get("reason") ?? "").trim();
    void act(reason || null);
  };
  return (
    <Dialog title={`Cancel ${runs(number)}?`} close={close}>
      <form class="form" onSubmit={send}>
        <p>Each workflow gets a CancelledError where it waits, and may clean up.</p>
        <label class="field"><span>Reason<em> optional</em></span><input name="reason" type="text" autoComplete="off" /></label>
        <button class="danger" type="submit">Cancel {runs(number)}</button>
      </form>
    </Dialog>
  );
}
