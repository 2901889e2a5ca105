// Asking while a page is shown.
import { useEffect, useState } from "preact/hooks";
import { get, told, type Problem } from "../api.ts";

export interface Asked<T> {
  value: T | undefined;
  problem: Problem | undefined;
  again: () => void;
}

/** What a path answers, asked again each so many milliseconds while the page is looked at. */
export function useAsked<T>(path: string | undefined, every = 0): Asked<T> {
  const [state, setState] = useState<{ value?: T; problem?: Problem }>({});
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (path === undefined) return;
    const stop = new AbortController();
    const ask = async () => {
      try {
        if (!document.hidden) {
          const value = await get<T>(path, stop.signal);
          setState({ value });
        }
      } catch (error) {
        // A page that is there stays there: that the server is away is told above it.
        if (!stop.signal.aborted) setState((was) => (was.value !== undefined && told(error).status === 0 ? was : { problem: told(error) }));
      }
    };
    void ask();
    const timer = every ? setInterval(ask, every) : 0;
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [path, every, count]);
  return { value: state.value, problem: state.problem, again: () => setCount((n) => n + 1) };
}
