// Staying at the end of what grows.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Pixels from the end that count as being there. */
const NEAR = 30;

/** A box that stays at its end while it grows, for whoever is there; `live`: from the start on. */
export function useEnd<E extends HTMLElement>(grown: unknown, live: boolean): { ref: RefObject<E>; onScroll: () => void } {
  const ref = useRef<E>(null);
  const there = useRef(live);
  useLayoutEffect(() => {
    if (there.current && ref.current) ref.current.scrollTop = ref.current.scrollHeight;
  }, [grown]);
  const onScroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = ref.current!;
    there.current = scrollTop + clientHeight >= scrollHeight - NEAR;
  };
  return { ref, onScroll };
}
