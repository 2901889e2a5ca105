import { useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { Icon } from "./icons";

interface Props {
  isBusy: boolean;
  isAsked: boolean;
  isEnded: boolean;
  onSay: (text: string) => void;
  onStop: () => void;
}

/** Where one writes; and stops the answer. */
export function Composer({ isBusy, isAsked, isEnded, onSay, onStop }: Props) {
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const canSay = !isBusy && !isAsked && !isEnded && Boolean(text.trim());
  const say = (event?: FormEvent) => {
    event?.preventDefault();
    if (!canSay) return;
    onSay(text.trim());
    setText("");
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) say(event as unknown as FormEvent);
  };
  const stop = () => {
    onStop();
    box.current?.focus();
  };
  return (
    <form className="composer" onSubmit={say}>
      <label className="unseen" htmlFor="say">Message</label>
      <textarea id="say" ref={box} value={text} rows={2} onChange={(event) => setText(event.target.value)} onKeyDown={key} placeholder={placeholder(isBusy, isAsked, isEnded)} aria-describedby="say-how" />
      <div className="composer-side">
        {(isBusy || isAsked) && <button type="button" className="stop" onClick={stop}><Icon name="stop" /> Stop</button>}
        {!isBusy && !isAsked && <button className="primary square" aria-label="Send" disabled={!canSay}><Icon name="send" /></button>}
      </div>
      <p id="say-how" className="faint small-text">Enter sends, Shift and Enter begin a new line.</p>
    </form>
  );
}

function placeholder(isBusy: boolean, isAsked: boolean, isEnded: boolean): string {
  if (isEnded) return "This session has ended. Begin a new one.";
  if (isAsked) return "Approve or deny first, or stop.";
  return isBusy ? "You can write while the answer comes, and send it after." : "Say what you want";
}
