// Lists that change while somebody reads them.
import { useRef, useState } from "preact/hooks";

export interface Steady<T> {
  shown: readonly T[];
  /** How many there are that are not shown yet. */
  news: number;
  /** Those that are shown although the list has them no more. */
  gone: ReadonlySet<string>;
  /** Those that have come by themselves since the list was first shown. */
  fresh: ReadonlySet<string>;
  /** Show the list as it is. */
  catchUp: () => void;
}

interface Kept<T> {
  key: string;
  rows: readonly T[];
  first: ReadonlySet<string>;
}

/**
 * While a list is held, its rows keep their places: they change where they stand, none comes and none goes. `key` says
 * which list it is: another one is shown as it is. `undefined`: it is not there yet.
 */
export function useSteady<T>(list: readonly T[] | undefined, id: (one: T) => string, held: boolean, key: string): Steady<T> {
  const kept = useRef<Kept<T>>();
  const [, draw] = useState(0);
  const now = list ?? [];
  const current = new Map(now.map((one) => [id(one), one]));
  const was = kept.current?.key === key ? kept.current : undefined;
  const shown = held && was?.rows.length ? was.rows.map((one) => current.get(id(one)) ?? one) : now;
  const first = was?.first ?? new Set(current.keys());
  kept.current = list && { key, rows: shown, first };
  const ids = shown.map(id);
  const there = new Set(ids);
  return {
    shown,
    news: now.filter((one) => !there.has(id(one))).length,
    gone: new Set(ids.filter((one) => !current.has(one))),
    fresh: new Set(ids.filter((one) => !first.has(one))),
    catchUp: () => {
      kept.current = undefined;
      draw((n) => n + 1);
    },
  };
}

/** Whether a mouse is over an element, or the keyboard in it: pass the rest to it. */
export function useHeld(): { held: boolean; on: { [handler: string]: (event: Event) => void } } {
  const [over, setOver] = useState(false);
  const [within, setWithin] = useState(false);
  return {
    held: over || within,
    on: {
      onPointerEnter: (event) => (event as PointerEvent).pointerType !== "touch" && setOver(true),
      onPointerLeave: () => setOver(false),
      onFocusIn: () => setWithin(true),
      onFocusOut: (event) => setWithin((event.currentTarget as Element).contains((event as FocusEvent).relatedTarget as Node | null)),
    },
  };
}
