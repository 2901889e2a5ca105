// One run and its log, as they grow.
import { useEffect, useRef, useState } from "preact/hooks";
import { follow, get, told, type Problem } from "../api.ts";
import { parsed } from "../exact.ts";
import { pathOf } from "../router.ts";
import { learnMoment } from "../time.ts";
import { Log } from "../trace/model.ts";
import { isOver, type EventRecord, type RunInfo } from "../types.ts";

interface Page {
  events: EventRecord[];
  next: number | null;
}

/** Bytes of a value, above which it is cut until somebody asks for it whole. */
const LONGEST = 20_000;

/** Entries, above which the page is drawn a few times a second and not with each frame. */
const MANY = 2000;

export interface Followed {
  run: RunInfo | undefined;
  log: Log;
  changes: number;
  problem: Problem | undefined;
  again: () => Promise<void>;
}

/** The run and its log, first in one piece, then as they grow. */
export function useRun(id: string): Followed {
  const log = useRef(new Log()).current;
  const [run, setRun] = useState<RunInfo>();
  const [changes, setChanges] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  /** Answers may come in another order than they were asked for: what is older than what is known is not news. */
  const learn = (found: RunInfo) => setRun((was) => (was && (isOver(was.status) || found.events < was.events) ? was : found));
  const again = () => get<RunInfo>(pathOf(id)).then(learn);
  useEffect(() => {
    let stop = () => {};
    let gone = false;
    let drawing = 0;
    const draw = () => {
      drawing ||= setTimeout(() => {
        drawing = 0;
        setChanges((n) => n + 1);
      }, log.entries.size > MANY ? 250 : 16);
    };
    const look = () => get<RunInfo>(pathOf(id)).then((found) => !gone && learn(found));
    const begin = async (): Promise<void> => {
      try {
        const ask = (start: number) => get<Page>(`${pathOf(id)}/events?start=${start}&limit=5000&longest=${LONGEST}`);
        const first = ask(log.events.length);
        first.catch(() => undefined); // told below, unless the run itself cannot be had
        await look();
        setProblem(undefined);
        for (let coming: Promise<Page> | null = first; coming; ) {
          const page: Page = await coming;
          if (gone) return;
          coming = page.next === null ? null : ask(page.next); // under way while this one is read
          log.add(page.events);
          learnMoment(log.last);
          setChanges((n) => n + 1);
        }
        stop = follow(`${pathOf(id)}/feed?start=${log.events.length}`, (messages) => {
          log.add(messages.filter((one) => one.name === "").map((one) => parsed<EventRecord>(one.data)));
          learnMoment(log.last);
          const end = messages.find((one) => one.name === "end");
          if (end) setRun(parsed<RunInfo>(end.data));
          else void look().catch(() => undefined);
          draw();
        });
      } catch (error) {
        const what = told(error);
        if (what.status) setProblem(what);
        if ((!what.status || what.status >= 500) && !gone) setTimeout(begin, 1000); // it may be back by then
      }
    };
    void begin();
    // That a worker has taken it, or that it is suspended, is no event of its log.
    const timer = setInterval(() => { if (!document.hidden) setRun((now) => { if (now && !isOver(now.status)) void look().catch(() => undefined); return now; }); }, 2000);
    return () => {
      gone = true;
      stop();
      clearTimeout(drawing);
      clearInterval(timer);
    };
  }, [id]);
  return { run, log, changes, problem, again };
}
