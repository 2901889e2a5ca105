import { useEffect, useRef, useState } from "react";
import type { Message } from "./types";

interface Props {
  messages: Message[];
  isBusy: boolean;
  isAsked: boolean;
}

/** Tells by ear what is seen at a glance. Not each word of an answer: the answer, when it is there. */
export function Announcer({ messages, isBusy, isAsked }: Props) {
  const [said, setSaid] = useState("");
  const was = useRef({ isBusy, isAsked, sleeps: 0 });
  const last = messages.at(-1);
  const sleeps = isBusy && last ? last.parts.filter((part) => part.type === "data-sleep" && !part.data.over).length : 0;
  useEffect(() => {
    const before = was.current;
    was.current = { isBusy, isAsked, sleeps };
    if (isAsked && !before.isAsked) setSaid("The agent asks for your approval.");
    else if (sleeps > before.sleeps) setSaid("The agent sleeps. It can be woken.");
    else if (isBusy && !before.isBusy) setSaid("The answer is under way.");
    else if (!isBusy && before.isBusy && last?.role === "assistant") setSaid(`Answer: ${words(last) || "without words."}`);
  }, [isBusy, isAsked, sleeps, last]);
  return <p className="unseen" role="status" aria-live="polite">{said}</p>;
}

function words(message: Message): string {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join(" ").replace(/[`*#_]/g, "").trim();
}
