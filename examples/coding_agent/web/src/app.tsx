import type { Chat } from "@ai-sdk/react";
import { useCallback, useEffect, useRef, useState } from "react";
import * as api from "./api";
import { chatAt } from "./chats";
import { Conversation } from "./conversation";
import { History } from "./history";
import { fresh, usePlace, useTold } from "./hooks";
import { Icon } from "./icons";
import { Notice } from "./notice";
import { ThemeButton } from "./theme";
import type { Kind, Message, Place } from "./types";

const ASK_CHATS = 3_000;
const DYING = 200;

export function App() {
  const [place, go] = usePlace();
  const [info] = useTold(api.info, null);
  const [chats, askChats] = useTold(api.chats, ASK_CHATS);
  const [menu, setMenu] = useState(false);
  const [killed, setKilled] = useState(false);
  const menuButton = useRef<HTMLButtonElement>(null);
  const [chat, failure] = useChatAt(place);

  const close = useCallback(() => {
    setMenu(false);
    menuButton.current?.focus();
  }, []);
  const open = (next: Place) => {
    go(next);
    setMenu(false);
  };
  const begin = (kind: Kind) => open(fresh(kind));
  const kill = () => {
    setKilled(true);
    void api.kill().then(() => setTimeout(() => void askChats(), DYING));
  };

  const model = info && (place.kind === "code" ? info.code : info.talk);
  return (
    <div className="shell" data-menu={menu ? "open" : "closed"}>
      <a className="skip" href="#say" onClick={(event) => { event.preventDefault(); document.getElementById("say")?.focus(); }}>
        Skip to the message
      </a>
      <header className="bar">
        <button ref={menuButton} className="quiet square only-narrow" aria-expanded={menu} aria-controls="history" aria-label="Chats" onClick={() => setMenu(!menu)}>
          <Icon name="menu" />
        </button>
        <h1>
          <span className="brand">Outlast</span> <span className="brand-more">coding agent</span>
        </h1>
        {model && <p className="model" title={model.model} data-scripted={model.scripted}>{model.label}</p>}
        {info?.development && (
          <button className="kill" onClick={kill} title="The process of the server gets SIGKILL, and is started again">
            <Icon name="bolt" /> <span className="kill-word">Kill the server</span>
          </button>
        )}
        <ThemeButton />
      </header>
      <History chats={chats} place={place} info={info} isOpen={menu} onOpen={open} onBegin={begin} onClose={close} />
      <main>
        <Notice killed={killed} onRestored={() => setKilled(false)} />
        {failure && <p className="banner" role="alert">{failure}</p>}
        {chat && chat.id === place.id ? (
          <Conversation key={chat.id} chat={chat} kind={place.kind} info={info} status={chats?.find((one) => one.id === chat.id)?.status} onChange={askChats} />
        ) : (
          !failure && <p className="loading" role="status">Loading the chat …</p>
        )}
      </main>
    </div>
  );
}

function useChatAt(place: Place): [Chat<Message> | undefined, string | undefined] {
  const [chat, setChat] = useState<Chat<Message>>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    let wanted = true;
    setFailure(undefined);
    chatAt(place).then(
      (found) => wanted && setChat(found),
      (error: Error) => wanted && setFailure(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [place.kind, place.id]);
  return [chat, failure];
}
