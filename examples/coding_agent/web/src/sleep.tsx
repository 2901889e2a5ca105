import { use, useEffect, useState } from "react";
import * as api from "./api";
import { useNow } from "./hooks";
import { Icon } from "./icons";
import { Context } from "./parts";
import type { Sleep } from "./types";

const AGAIN = 500;

/** A wait of the run: no process holds it, so it outlasts all of them. */
export function SleepCard({ sleep, isOver }: { sleep: Sleep; isOver: boolean }) {
  const { chat, isLive } = use(Context);
  const [isWoken, setWoken] = useState(false);
  const [failure, setFailure] = useState<string>();
  const isStopped = !isLive && !sleep.over && !isOver;
  const over = sleep.over || isOver || isStopped;
  const now = useNow(250, !over);
  const until = Date.parse(sleep.until);
  const isWaking = isWoken && !over;
  useEffect(() => {
    if (!isWaking) return;
    const wake = () =>
      api.wake(chat).catch((error: Error) => {
        setWoken(false);
        setFailure(error.message);
      });
    void wake();
    const timer = setInterval(() => void wake(), AGAIN); // the card may be there before the sleep is
    return () => clearInterval(timer);
  }, [isWaking, chat]);
  const begin = () => {
    setWoken(true);
    setFailure(undefined);
  };
  return (
    <div className="sleep" role="group" data-over={over} aria-label="Sleep">
      <Icon name="clock" />
      <div>
        <p>{over ? "Slept" : "Sleeping"}{sleep.reason ? `: ${sleep.reason}` : ""}</p>
        <p className="faint">
          {isStopped ? "It was stopped before its end." : over ? "The run has gone on." : <>until <time dateTime={sleep.until}>{moment(until, now)}</time>, with no process waiting</>}
        </p>
        {failure && <p role="alert" className="tool-error">{failure}</p>}
      </div>
      {!over && (
        <>
          <span className="countdown" role="timer" aria-live="off">{left(until - now)}</span>
          <button className="small" onClick={begin} disabled={isWoken}>{isWoken ? "Waking …" : "Wake now"}</button>
        </>
      )}
    </div>
  );
}

/** A point of time; with its day, if that is not today. */
function moment(time: number, now: number): string {
  const then = new Date(time);
  if (then.toDateString() === new Date(now).toDateString()) return then.toLocaleTimeString();
  return then.toLocaleString(undefined, { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
}

function left(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3_600)];
  const clock = [Math.floor((seconds % 3_600) / 60), seconds % 60].map((one) => String(one).padStart(2, "0")).join(":");
  return days ? `${days} d ${hours} h` : hours ? `${hours}:${clock}` : clock;
}
