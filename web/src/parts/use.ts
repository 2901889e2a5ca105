// Asking while a page is shown.
import { useLayoutEffect, useState } from "preact/hooks";
import { get, isAway, told, type Problem } from "../api.ts";

export interface Asked<T> {
  value: T | undefined;
  problem: Problem | undefined;
  again: () => void;
}

/** Milliseconds after which it is asked again where nobody answered. */
const PATIENCE = 2000;

/**
 * What a path answers, asked again each so many milliseconds while the page is looked at, and where nobody answered. What
 * is there stays there meanwhile: that the server is away is told above the page. `ask` may put an answer together.
 */
export function useAsked<T>(path: string | undefined, every = 0, ask: (path: string, stop: AbortSignal) => Promise<T> = get): Asked<T> {
  const [state, setState] = useState<{ value?: T; problem?: Problem }>({});
  const [count, setCount] = useState(0);
  // Not after it is drawn: the question goes off first.
  useLayoutEffect(() => {
    if (path === undefined) return;
    const stop = new AbortController();
    let timer = 0;
    /** Whether its turn came while nobody looked. */
    let missed = false;
    const once = async () => {
      clearTimeout(timer);
      missed = false;
      let away = false;
      try {
        const value = await ask(path, stop.signal);
        if (!stop.signal.aborted) setState({ value });
      } catch (error) {
        if (stop.signal.aborted) return;
        const problem = told(error);
        away = isAway(problem);
        setState((was) => (away && was.value !== undefined ? was : { problem }));
      }
      const next = away ? Math.min(every || PATIENCE, PATIENCE) : every;
      if (next && !stop.signal.aborted) timer = setTimeout(() => (document.hidden ? (missed = true) : void once()), next);
    };
    const seen = () => !document.hidden && (every || missed) && void once();
    document.addEventListener("visibilitychange", seen);
    void once();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [path, every, count]);
  return { value: state.value, problem: state.problem, again: () => setCount((n) => n + 1) };
}
