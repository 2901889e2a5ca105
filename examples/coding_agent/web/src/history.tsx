import { useEffect, useRef } from "react";
import { useNow } from "./hooks";
import { Icon } from "./icons";
import { Inline } from "./markdown";
import type { ChatEntry, Info, Kind, Place, Status } from "./types";

const STATUS: Record<Status, string> = {
  idle: "ready",
  answering: "answering",
  waiting: "needs your answer",
  sleeping: "sleeping",
  ended: "ended",
  failed: "failed",
};

interface Props {
  chats: ChatEntry[] | undefined;
  place: Place;
  info: Info | undefined;
  isOpen: boolean;
  onOpen: (place: Place) => void;
  onBegin: (kind: Kind) => void;
  onClose: () => void;
}

/** All chats, at the side; on narrow screens above everything, when asked for. */
export function History({ chats, place, info, isOpen, onOpen, onBegin, onClose }: Props) {
  const first = useRef<HTMLButtonElement>(null);
  const now = useNow(30_000);
  useEffect(() => {
    if (!isOpen) return;
    first.current?.focus();
    const escape = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    addEventListener("keydown", escape);
    return () => removeEventListener("keydown", escape);
  }, [isOpen, onClose]);
  return (
    <>
      <div className="veil" onClick={onClose} />
      <nav id="history" aria-label="Chats">
        <div className="begin">
          <button ref={first} className="primary" onClick={() => onBegin("code")}>
            <Icon name="plus" /> New app
          </button>
          <button onClick={() => onBegin("talk")} disabled={info?.talk === null}>
            <Icon name="plus" /> New talk
          </button>
          <button className="quiet square only-narrow" onClick={onClose} aria-label="Close the list of chats">
            <Icon name="close" />
          </button>
        </div>
        {info?.talk === null && <p className="faint small-text">No plain chat: <Inline text={info.talk_missing ?? ""} /></p>}
        <h2 className="label">History</h2>
        {chats?.length === 0 && <p className="faint">Nothing yet. Chats stay here, also when the server is started again.</p>}
        <ul>
          {chats?.map((one) => (
            <li key={one.id}>
              <button className="entry" aria-current={one.id === place.id ? "page" : undefined} onClick={() => onOpen(one)}>
                <span className="entry-title">{one.title || "Untitled"}</span>
                <span className="entry-more">
                  <span className="dot" data-status={one.status} aria-hidden="true" />
                  {STATUS[one.status]}
                  <span className="entry-time">{one.kind === "talk" && "talk, "}{ago(now, one.updated)}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </nav>
    </>
  );
}

function ago(now: number, iso: string): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1_000);
  if (Number.isNaN(seconds)) return "";
  if (seconds < 60) return "just now";
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return new Date(iso).toLocaleDateString();
}
