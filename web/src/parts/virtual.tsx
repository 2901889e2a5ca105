// A list of rows of one height, of which only those in sight are there.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface VirtualProps {
  count: number;
  height: number;
  label: string;
  row: (index: number) => ComponentChildren;
  /** A row to scroll to. */
  at?: number;
  /** Whether it stays at its end while it grows, if it is there. */
  sticks?: boolean;
}

export function Virtual({ count, height, label, row, at = -1, sticks = false }: VirtualProps) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  const atEnd = useRef(true);
  useEffect(() => {
    const { current } = box;
    if (!current) return;
    const look = () => {
      atEnd.current = current.scrollTop + current.clientHeight >= current.scrollHeight - height;
      setSeen({ top: current.scrollTop, height: current.clientHeight });
    };
    const watch = new ResizeObserver(look);
    watch.observe(current);
    current.addEventListener("scroll", look, { passive: true });
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (at >= 0) box.current!.scrollTop = Math.max(0, (at - 3) * height);
  }, [at, at < count]); // it may still have to come
  useEffect(() => {
    if (sticks && atEnd.current) box.current!.scrollTop = count * height;
  }, [count]);
  const first = Math.max(0, Math.floor(seen.top / height) - 8);
  const last = Math.min(count, first + Math.ceil(seen.height / height) + 16);
  const rows = [];
  for (let n = first; n < last; n++) rows.push(<div key={n} class="virtual-row" style={{ top: `${n * height}px`, height: `${height}px` }}>{row(n)}</div>);
  return (
    <div class="virtual" ref={box} tabIndex={0} role="region" aria-label={label}>
      <div style={{ height: `${count * height}px` }}>{rows}</div>
    </div>
  );
}
