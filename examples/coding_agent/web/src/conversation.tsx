import { useChat, type Chat } from "@ai-sdk/react";
import { useEffect, useState } from "react";
import * as api from "./api";
import { Announcer } from "./announcer";
import { newest, pendingApproval, reload } from "./chats";
import { Composer } from "./composer";
import { Inline } from "./markdown";
import { Messages } from "./messages";
import { Context } from "./parts";
import type { Data, Info, Kind, Message, Status } from "./types";
import { Welcome } from "./welcome";
import { Workbench, type Tab } from "./workbench";

const THROTTLE = 50;

interface Props {
  chat: Chat<Message>;
  kind: Kind;
  info: Info | undefined;
  status: Status | undefined;
  onChange: () => void;
}

/** A chat, and at its side what has come of it. */
export function Conversation({ chat, kind, info, status: told, onChange }: Props) {
  const { messages, status, error, sendMessage, addToolApprovalResponse } = useChat<Message>({ chat, throttle: THROTTLE });
  const [tab, setTab] = useState<Tab>("preview");
  const [view, setView] = useState<"chat" | "app">("chat");
  const [shown, setShown] = useState<string>();
  const [late, setLate] = useState<string>();
  const sandbox = newest<Data["sandbox"]>(messages, "data-sandbox")?.id;
  const preview = newest<Data["preview"]>(messages, "data-preview")?.url;
  const isCutOff = status === "error" && error !== undefined && isDisconnect(error); // and comes back by itself
  const isBusy = status === "submitted" || status === "streaming" || isCutOff;
  const isAsked = !isBusy && pendingApproval(messages) !== undefined;
  const refusal = error && !isCutOff ? (api.problem(error.message) ?? error.message) : undefined;

  useEffect(() => void onChange(), [status, onChange]);
  useEffect(() => {
    if (preview) setTab("preview");
  }, [preview]);

  const isVerdictRefused = refusal !== undefined && messages.at(-1)?.role === "assistant";
  useEffect(() => {
    if (!isVerdictRefused) return;
    setLate(refusal); // and show what counts, instead of what was refused
    void reload(chat, kind);
  }, [isVerdictRefused]);

  const send = (text: string) => {
    setLate(undefined);
    void sendMessage({ text });
  };
  const openFile = (path: string) => {
    setShown(path);
    setTab("files");
    setView("app");
  };
  const openPreview = () => {
    setTab("preview");
    setView("app");
  };
  const actions = {
    chat: chat.id,
    isLive: isBusy,
    onAnswer: (id: string, approved: boolean, reason?: string) => {
      setLate(undefined);
      void addToolApprovalResponse({ id, approved, reason });
    },
    onFile: openFile,
    onPreview: openPreview,
  };
  return (
    <div className="conversation" data-view={sandbox ? view : "chat"}>
      {sandbox && (
        <div className="switch only-narrow" role="group" aria-label="What is shown">
          <button aria-pressed={view === "chat"} onClick={() => setView("chat")}>Chat</button>
          <button aria-pressed={view === "app"} onClick={() => setView("app")}>App and files</button>
        </div>
      )}
      <section className="talk" aria-label="Conversation">
        <Context.Provider value={actions}>
          {messages.length === 0 ? <Welcome kind={kind} info={info} onSay={send} /> : <Messages messages={messages} isBusy={isBusy} status={status} />}
        </Context.Provider>
        {(refusal ?? late) && (
          <div className="banner" role="alert">
            <p><Inline text={refusal ?? late ?? ""} /></p>
            {refusal && <button className="small" onClick={() => void reload(chat, kind)}>Load the chat anew</button>}
          </div>
        )}
        <Composer isBusy={isBusy} isAsked={isAsked} isEnded={!isBusy && (told === "ended" || told === "failed") && kind === "code"} onSay={send} onStop={() => void stop(chat, kind)} />
      </section>
      {sandbox && <Workbench sandbox={sandbox} preview={preview} messages={messages} isBusy={isBusy} tab={tab} onTab={setTab} shown={shown} onShow={setShown} />}
      <Announcer messages={messages} isBusy={isBusy} isAsked={isAsked} />
    </div>
  );
}

/** Stop the answer, where it is made. Its end comes by the stream; an answer that nobody streams, since it waits for an
 * approval, is read anew. */
async function stop(chat: Chat<Message>, kind: Kind) {
  const isRead = chat.status === "submitted" || chat.status === "streaming";
  await api.stop(kind, chat.id);
  if (!isRead) await reload(chat, kind);
}

function isDisconnect(error: Error): boolean {
  return error instanceof TypeError && /network|fetch/i.test(error.message);
}
