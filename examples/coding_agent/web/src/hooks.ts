import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { connection, type ConnectionState } from "./connection";
import type { Kind, Place } from "./types";

/** What `ask` has told, asked anew every so often, and whenever `again` is called. Failures keep what was told before. */
export function useTold<T>(ask: (() => Promise<T>) | null, every: number | null, key: unknown = null) {
  const [told, setTold] = useState<T>();
  const latest = useRef(ask);
  latest.current = ask;
  const under = useRef(false);
  const again = useCallback(async () => {
    if (!latest.current || under.current) return;
    under.current = true;
    const asked = latest.current;
    try {
      const found = await asked();
      setTold(found);
    } catch {
      // it is asked again
    } finally {
      under.current = false;
    }
  }, []);
  useEffect(() => {
    void again();
    if (every === null) return;
    const timer = setInterval(() => document.hidden || void again(), every);
    return () => clearInterval(timer);
  }, [again, every, key]);
  return [told, again] as const;
}

export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, () => connection.state);
}

/** Milliseconds of the epoch, told so often while `running`. */
export function useNow(every: number, running = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every, running]);
  return now;
}

/** Which chat is open: it is in the address, so that a reload comes back to it. */
export function usePlace(): [Place, (place: Place) => void] {
  const [place, setPlace] = useState(() => read() ?? fresh("code"));
  useEffect(() => {
    if (!read()) history.replaceState(null, "", address(place));
    const follow = () => setPlace((now) => read() ?? now);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [place]);
  const go = useCallback((next: Place) => {
    history.pushState(null, "", address(next));
    setPlace(next);
  }, []);
  return [place, go];
}

export function fresh(kind: Kind): Place {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const id = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  return { kind, id: `${kind}-${id}` };
}

function address({ kind, id }: Place): string {
  return `#/${kind}/${id}`;
}

function read(): Place | null {
  const found = location.hash.match(/^#\/(code|talk)\/([\w.-]{1,150})$/);
  return found ? { kind: found[1] as Kind, id: found[2] ?? "" } : null;
}
