import { isToolUIPart } from "ai";
import { Fragment, use, useEffect, useRef, useState } from "react";
import { Markdown } from "./markdown";
import { Context } from "./parts";
import { Tool } from "./tools";
import type { Data, Message, Output, Part, Sleep } from "./types";

interface Props {
  messages: Message[];
  isBusy: boolean;
  status: string;
}

const NEAR = 80;

/** What was said. It follows the answer as long as its end is in view. */
export function Messages({ messages, isBusy, status }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [isAway, setAway] = useState(false);
  const toEnd = () => box.current?.scrollTo({ top: box.current.scrollHeight });
  const scrolled = () => {
    const { scrollTop = 0, clientHeight = 0, scrollHeight = 0 } = box.current ?? {};
    follows.current = scrollTop + clientHeight > scrollHeight - NEAR;
    setAway(!follows.current);
  };
  useEffect(() => {
    if (follows.current) toEnd();
  });
  useEffect(() => {
    const resized = new ResizeObserver(() => follows.current && toEnd()); // a notice takes room
    if (box.current) resized.observe(box.current);
    return () => resized.disconnect();
  }, []);
  const last = messages.at(-1);
  const isThinking = isBusy && (last?.role === "user" || status === "submitted" || last?.parts.length === 0);
  return (
    <div className="scroll" ref={box} onScroll={scrolled} tabIndex={0} role="region" aria-label="Messages" aria-busy={isBusy}>
      <ol className="messages">
        {messages.map((message) => (
          <li key={message.id} className="message" data-role={message.role}>
            <h2 className="unseen">{message.role === "user" ? "You" : "The agent"}</h2>
            {message.role === "user" ? <Said message={message} /> : <Answer message={message} isLive={isBusy && message === last} />}
          </li>
        ))}
      </ol>
      {isThinking && <p className="thinking" aria-hidden="true"><span /><span /><span /></p>}
      {isAway && <button className="small to-end" onClick={() => { follows.current = true; toEnd(); }}>To the end</button>}
    </div>
  );
}

function Said({ message }: { message: Message }) {
  return <p className="bubble">{message.parts.map((part) => (part.type === "text" ? part.text : "")).join("\n")}</p>;
}

/** Data that belongs to a call is shown with the call, and the newest counts. */
function Answer({ message, isLive }: { message: Message; isLive: boolean }) {
  const outputs = byId<Output>(message, "data-output");
  const sleeps = byId<Sleep>(message, "data-sleep");
  const called = new Set(message.parts.flatMap((part) => (isToolUIPart(part) ? [part.toolCallId] : [])));
  const stray = [...sleeps].find(([id]) => !called.has(id))?.[1]; // of a server that does not name the call
  const actions = use(Context);
  return (
    <Context.Provider value={{ ...actions, isLive }}>
      <div className="answer">
        {message.parts.map((part, at) => (
          <Fragment key={at}>{shown(part, at === message.parts.length - 1 && isLive, outputs, sleeps, stray)}</Fragment>
        ))}
      </div>
    </Context.Provider>
  );
}

function shown(part: Part, isLast: boolean, outputs: Map<string, Output>, sleeps: Map<string, Sleep>, stray?: Sleep) {
  if (part.type === "text") return part.text ? <Markdown text={part.text} /> : null;
  if (part.type === "reasoning") {
    return part.text ? <details className="reasoning" open={isLast}><summary>Thoughts</summary><Markdown text={part.text} /></details> : null;
  }
  if (!isToolUIPart(part)) return null;
  const sleep = sleeps.get(part.toolCallId) ?? (part.type === "tool-sleep" ? stray : undefined);
  return <Tool part={part} output={outputs.get(part.toolCallId)} sleep={sleep} />;
}

function byId<T extends Data[keyof Data]>(message: Message, type: Part["type"]): Map<string, T> {
  const found = new Map<string, T>();
  for (const part of message.parts) {
    if (part.type === type && "data" in part) found.set(part.id ?? "", part.data as T);
  }
  return found;
}
