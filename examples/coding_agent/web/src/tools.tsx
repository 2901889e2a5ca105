import { getToolName } from "ai";
import { use, useEffect, useRef, type ReactNode } from "react";
import { ApprovalCard, Verdict } from "./approval";
import { Icon, type IconName } from "./icons";
import { Context, commandOf, field, pathsOf, shownValue, type Call } from "./parts";
import { SleepCard } from "./sleep";
import type { Output, Sleep } from "./types";

interface Props {
  part: Call;
  output: Output | undefined;
  sleep: Sleep | undefined;
}

/** A call of a tool: what it does, how it stands, and what it gives. */
export function Tool({ part, output, sleep }: Props) {
  if (part.state === "approval-requested") return <ApprovalCard part={part} />;
  if (sleep) return <SleepCard sleep={sleep} isOver={isSettled(part)} />;
  const name = getToolName(part);
  const [icon, title] = describe(name, part.input);
  return (
    <div className="tool" role="group" data-state={part.state} aria-label={`Tool: ${name}`}>
      <div className="tool-head">
        <Icon name={icon} />
        <p className="tool-title">{title}</p>
        <State part={part} output={output} />
      </div>
      <Verdict part={part} />
      <Body name={name} part={part} output={output} />
    </div>
  );
}

function describe(name: string, input: unknown): [IconName, ReactNode] {
  switch (name) {
    case "create_sandbox":
      return ["box", "Create a sandbox"];
    case "write_files": {
      const count = pathsOf(input).length;
      return ["file", count ? `Write ${count} ${count === 1 ? "file" : "files"}` : "Write files"];
    }
    case "run_command":
      return ["terminal", <>Run <code>{commandOf(input) || "…"}</code></>];
    case "preview_url":
      return ["eye", "Show a preview"];
    case "sleep":
      return ["clock", "Sleep"];
    case "ask_for_approval":
      return ["hand", "Ask for approval"];
    default:
      return ["tool", name.replaceAll("_", " ")];
  }
}

function State({ part, output }: { part: Call; output: Output | undefined }) {
  const { isLive } = use(Context);
  const [is, text] = stateOf(part, output, isLive);
  return <span className="state" data-is={is}>{text}</span>;
}

function stateOf(part: Call, output: Output | undefined, isLive: boolean): ["busy" | "good" | "bad" | "still", string] {
  if (part.state === "output-error") return ["bad", "failed"];
  if (part.state === "output-denied") return ["still", "denied"];
  const exit = output?.exit ?? field(field(part, "output"), "exit");
  if (isSettled(part)) return typeof exit === "number" && exit !== 0 ? ["bad", `exit ${exit}`] : ["good", "done"];
  if (part.state === "input-streaming") return isLive ? ["busy", "writing"] : ["still", "stopped"];
  return isLive ? ["busy", "running"] : ["still", part.state === "approval-responded" ? "answered" : "stopped"];
}

function isSettled(part: Call): boolean {
  return part.state === "output-error" || part.state === "output-denied" || (part.state === "output-available" && !part.preliminary);
}

function Body({ name, part, output }: { name: string; part: Call; output: Output | undefined }) {
  const { onFile, onPreview } = use(Context);
  if (part.state === "output-error") return <p className="tool-error">{part.errorText}</p>;
  switch (name) {
    case "create_sandbox":
      return null;
    case "write_files":
      return (
        <ul className="paths">
          {pathsOf(part.input).map((path) => (
            <li key={path}><button className="link" onClick={() => onFile(path)}>{path}</button></li>
          ))}
        </ul>
      );
    case "run_command":
      return <Terminal text={output?.text ?? outputText(part)} isDone={isSettled(part)} />;
    case "preview_url":
      return isSettled(part) ? <button className="small" onClick={onPreview}>Open the preview</button> : null;
    default:
      return <Raw part={part} />;
  }
}

function outputText(part: Call): string {
  if (part.state !== "output-available") return "";
  const text = field(part.output, "output");
  return typeof text === "string" ? text : part.output === undefined ? "" : shownValue(part.output);
}

/** What a command prints, while it prints it. */
function Terminal({ text, isDone }: { text: string; isDone: boolean }) {
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [text]);
  if (!text) return null;
  return (
    <pre ref={box} className="terminal" tabIndex={0} role="log" aria-live="off" aria-label="Output of the command" data-done={isDone}>
      {text}
    </pre>
  );
}

function Raw({ part }: { part: Call }) {
  if (part.input === undefined) return null;
  return (
    <details className="raw">
      <summary>Details</summary>
      <pre tabIndex={0} role="group" aria-label="Arguments">{shownValue(part.input)}</pre>
      {part.state === "output-available" && <pre tabIndex={0} role="group" aria-label="Result">{shownValue(part.output)}</pre>}
    </details>
  );
}
