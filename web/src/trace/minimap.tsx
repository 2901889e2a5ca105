// All of the run in a strip. Dragging over it chooses the window of time; a double click shows all.
import { useEffect, useRef } from "preact/hooks";
import type { RunInfo } from "../types.ts";
import { stretches } from "./bars.ts";
import type { Row } from "./rows.ts";
import type { Scale } from "./scale.ts";

const HEIGHT = 44;
const LOOKS = [["failed", "--failed"], ["lost", "--failed"], ["running", "--running"], ["wait", "--suspended"], ["hook", "--suspended"], ["queued", "--line"], ["child", "--child"], ["cancelled", "--cancelled"]] as const;

interface MinimapProps {
  rows: Row[];
  run: RunInfo;
  start: number;
  all: number;
  now: number;
  scale: Scale;
  window: readonly [number, number];
  view: (from: number, to: number) => void;
}

export function Minimap({ rows, run, start, all, now, scale, window: [from, to], view }: MinimapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const begun = useRef<number | null>(null);
  useEffect(() => draw(canvas.current!, rows, run, (moment) => scale.at(moment - start) / all, now), [rows, scale, all, now]);
  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * all;
  };
  const drag = (event: PointerEvent) => {
    if (begun.current === null) return;
    const here = at(event);
    if (Math.abs(here - begun.current) > all / 200) view(Math.min(here, begun.current), Math.max(here, begun.current));
  };
  return (
    <div
      class="minimap" aria-hidden="true" title="Drag to choose a stretch of time; double-click for all of it"
      onPointerDown={(event) => { begun.current = at(event); (event.currentTarget as Element).setPointerCapture(event.pointerId); }}
      onPointerMove={drag} onPointerUp={() => (begun.current = null)} onDblClick={() => view(0, all)}
    >
      <canvas ref={canvas} />
      <i class="shade" style={{ left: 0, width: `${(from / all) * 100}%` }} />
      <i class="shade" style={{ left: `${(to / all) * 100}%`, right: 0 }} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, rows: Row[], run: RunInfo, place: (moment: number) => number, now: number): void {
  const width = canvas.clientWidth;
  const scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(canvas);
  const color = Object.fromEntries(LOOKS.map(([look, name]) => [look, style.getPropertyValue(name)]));
  const plain = style.getPropertyValue("--completed");
  pen.scale(scale, scale);
  const bars = rows.filter((row) => row.entry.kind !== "run" && row.entry.kind !== "branch" && row.entry.kind !== "note" && !row.attempt);
  const size = Math.min(4, (HEIGHT - 6) / Math.max(1, bars.length));
  bars.forEach((row, n) => {
    for (const one of stretches(row, run, now)) {
      pen.fillStyle = color[LOOKS.find(([look]) => one.look.includes(look))?.[0] ?? ""] ?? plain;
      const left = place(one.from) * width;
      pen.fillRect(left, 3 + n * size, Math.max(1, place(one.to) * width - left), Math.max(0.7, size - 0.6));
    }
  });
}
