// The workflow's source as it was when the run started, with the lines at which it waits or has failed.
import type { ComponentChildren } from "preact";
import { Empty, Failed, Loading } from "../parts/small.tsx";
import { useAsked } from "../parts/use.ts";
import { pathOf } from "../router.ts";
import { isOpen, rootOf, type ErrorText, type Log } from "../trace/model.ts";
import { useWhole } from "../trace/whole.ts";
import type { RunInfo } from "../types.ts";

interface Source {
  file: string;
  line: number;
  source: string;
  version: string;
  awaits?: { file: string; line: number; kind: string; id: string }[];
}

/** Where something stands in the code. */
interface Stand {
  file: string;
  line: number;
  id: string;
  state: string;
}

export function Code({ run, log }: { run: RunInfo; log: Log; changes: number }) {
  const { value, problem } = useAsked<Source>(`${pathOf(run.id)}/source`, run.ended_at ? 0 : 3000);
  const error = useWhole(log.error, run);
  if (problem?.status === 404) return <Empty title="The source was not kept"><p>No worker has told what the code of version <span class="mono">{run.version}</span> is.</p></Empty>;
  if (problem) return <Failed problem={problem} />;
  if (!value) return <Loading />;
  const name = base(value.file);
  const lines = value.source.replace(/\n$/, "").split("\n");
  const inText = linesInText(lines);
  const stands = [...pending(value, run, log), ...failed(error, value.file)];
  const inside = (one: Stand) => one.file === name && one.line >= value.line && one.line < value.line + lines.length;
  const elsewhere = stands.filter((one) => !inside(one));
  return (
    <section aria-label="Code" class="side">
      <p class="dim mono">{value.file} · {value.version}</p>
      {elsewhere.length > 0 && <p>{elsewhere.slice(0, 8).map((one) => <span key={one.id} class={one.state === "failed" ? "bad" : ""}>{said(one)} at <span class="mono">{one.file}:{one.line}</span>, in a function that it calls. </span>)}</p>}
      <div class="code mono" tabIndex={0} role="region" aria-label="Source">
        {lines.map((text, n) => {
          const here = stands.filter((one) => inside(one) && one.line === value.line + n);
          const look = here.some((one) => one.state === "failed") ? "here failed" : here.length ? "here" : "";
          return (
            <div key={n} class={look}>
              <span class="num dim">{value.line + n}</span><span class="words">{inText[n] ? <i class="quoted">{text}</i> : colored(text)}</span>
              {here.length > 0 && <b>◂ {[...new Set(here.map(said))].slice(0, 3).join(", ")}{here.length > 3 ? ` and ${here.length - 3} more` : ""}</b>}
            </div>
          );
        })}
      </div>
    </section>
  );
}

/** Words of Python that deserve a look of their own. */
const WORDS = /(#.*$)|("""(?:.*?""")?|[rbf]?"(?:[^"\\]|\\.)*"|[rbf]?'(?:[^'\\]|\\.)*')|\b(async|await|def|return|if|elif|else|for|while|in|not|and|or|is|with|as|try|except|finally|raise|import|from|class|lambda|pass|break|continue|yield|None|True|False|match|case)\b|(@[\w.]+)/g;

function colored(text: string): ComponentChildren {
  const made: ComponentChildren[] = [];
  let last = 0;
  for (const found of text.matchAll(WORDS)) {
    const [word, comment, quoted, keyword] = found;
    made.push(text.slice(last, found.index), <i key={found.index} class={comment ? "comment" : quoted ? "quoted" : keyword ? "keyword" : "decorator"}>{word}</i>);
    last = found.index + word.length;
  }
  return [...made, text.slice(last) || (made.length ? "" : " ")];
}

/** Which lines are all in a text that began before them, such as a docstring. */
function linesInText(lines: string[]): boolean[] {
  let inside = false;
  return lines.map((text) => {
    const before = inside;
    if ((text.match(/"""/g)?.length ?? 0) % 2) inside = !inside;
    return before;
  });
}

const VERBS: { [state: string]: string } = { failed: "failed", running: "runs", queued: "queued", retrying: "retries" };
const said = (one: Stand): string => `${VERBS[one.state] ?? "waits"}: ${one.id}`;
const base = (file: string): string => file.replace(/^.*[\\/]/, "");

/** What the run's row tells, and what its log tells of a run that is under way. */
function pending({ awaits = [] }: Source, run: RunInfo, log: Log): Stand[] {
  const open = log.timeline(run).filter((one) => isOpen(one) && one.line);
  const known = new Set(open.map((one) => one.id));
  const more = awaits.filter((one) => !known.has(one.id)).map((one) => ({ ...one, state: "waiting" }));
  return [...open.map(({ line, state, id }) => ({ file: line!.replace(/:\d+$/, ""), line: Number(/\d+$/.exec(line!)?.[0]), state, id })), ...more];
}

/** The line of this file in which the error was raised that has ended the run. */
function failed(error: ErrorText | null, file: string): Stand[] {
  if (!error) return [];
  const frames = [...error.traceback.matchAll(/File "([^"]+)", line (\d+)/g)].filter(([, one]) => base(one!) === base(file));
  const [, , line] = frames.at(-1) ?? [];
  return line ? [{ file: base(file), line: Number(line), state: "failed", id: rootOf(error).name }] : [];
}
