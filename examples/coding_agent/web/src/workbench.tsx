import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import * as api from "./api";
import { useTold } from "./hooks";
import { Icon } from "./icons";
import { Code } from "./markdown";
import type { Files, Message } from "./types";

const TABS = ["preview", "files"] as const;
export type Tab = (typeof TABS)[number];
const NAMES: Record<Tab, string> = { preview: "Preview", files: "Files" };
const ASK_FILES = 2_000;

interface Props {
  sandbox: string;
  preview: string | undefined;
  messages: Message[];
  isBusy: boolean;
  tab: Tab;
  onTab: (tab: Tab) => void;
  shown: string | undefined;
  onShow: (path: string | undefined) => void;
}

/** What the agent has made: the app, and its files. */
export function Workbench({ sandbox, preview, messages, isBusy, tab, onTab, shown, onShow }: Props) {
  const written = messages.reduce((sum, one) => sum + one.parts.filter((part) => part.type === "data-files").length, 0);
  const [files] = useTold(() => api.files(sandbox), isBusy ? ASK_FILES : null, `${sandbox} ${written} ${isBusy}`);
  return (
    <aside className="workbench" aria-label="App and files">
      <Tabs tab={tab} count={files?.files.length} onTab={onTab} />
      <div role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`} className="panel">
        {tab === "preview" ? <Preview url={preview} version={written} /> : <Browser sandbox={sandbox} files={files} shown={shown} onShow={onShow} />}
      </div>
    </aside>
  );
}

function Tabs({ tab, count, onTab }: { tab: Tab; count: number | undefined; onTab: (tab: Tab) => void }) {
  const all = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const other = tab === "preview" ? "files" : "preview";
    onTab(other);
    all.current?.querySelector<HTMLElement>(`#tab-${other}`)?.focus();
  };
  return (
    <div role="tablist" aria-label="App and files" className="tabs" ref={all} onKeyDown={move}>
      {TABS.map((one) => (
        <button key={one} role="tab" id={`tab-${one}`} aria-selected={one === tab} aria-controls={one === tab ? `panel-${one}` : undefined} tabIndex={one === tab ? 0 : -1} onClick={() => onTab(one)}>
          {NAMES[one]}
          {one === "files" && count !== undefined && <span className="count">{count}</span>}
        </button>
      ))}
    </div>
  );
}

/** The app, in a frame that may run scripts and nothing else: it has no origin, so it cannot reach this page. */
function Preview({ url, version }: { url: string | undefined; version: number }) {
  const [reloads, setReloads] = useState(0);
  if (!url?.startsWith("/preview/")) {
    return <div className="nothing"><Icon name="eye" /><p>The preview appears here as soon as the agent has made one.</p></div>;
  }
  return (
    <>
      <div className="address">
        <code title={url}>{url}</code>
        <button className="quiet square" onClick={() => setReloads(reloads + 1)} aria-label="Load the preview anew" title="Load the preview anew"><Icon name="reload" /></button>
        <a className="button quiet square" href={url} target="_blank" rel="noopener noreferrer" aria-label="Open the preview in a tab" title="Open the preview in a tab"><Icon name="out" /></a>
      </div>
      <iframe key={`${version} ${reloads}`} className="preview" src={url} sandbox="allow-scripts" referrerPolicy="no-referrer" title="Preview of the app" />
    </>
  );
}

interface BrowserProps {
  sandbox: string;
  files: Files | undefined;
  shown: string | undefined;
  onShow: (path: string | undefined) => void;
}

function Browser({ sandbox, files, shown, onShow }: BrowserProps) {
  if (!files) return <p className="loading" role="status">Loading the files …</p>;
  if (files.files.length === 0) return <div className="nothing"><Icon name="file" /><p>There are no files yet.</p></div>;
  const entry = files.files.find((one) => one.path === shown) ?? files.files[0];
  return (
    <>
      <ul className="files" aria-label="Files">
        {files.files.map((one) => (
          <li key={one.path}>
            <button aria-current={one === entry ? "true" : undefined} onClick={() => onShow(one.path)}>
              <Icon name="file" /> <span className="path">{one.path}</span> <span className="faint">{size(one.size)}</span>
            </button>
          </li>
        ))}
      </ul>
      <p className="faint small-text total">{size(files.total)} of {size(files.limit)} used</p>
      {entry && <Viewer sandbox={sandbox} path={entry.path} version={entry.size} />}
    </>
  );
}

function Viewer({ sandbox, path, version }: { sandbox: string; path: string; version: number }) {
  const [text, setText] = useState<string>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    let wanted = true;
    setFailure(undefined);
    api.file(sandbox, path).then(
      (found) => wanted && setText(found),
      (error: Error) => wanted && setFailure(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [sandbox, path, version]);
  return (
    <section className="viewer" aria-label={`The file ${path}`}>
      <h2>{path}</h2>
      {failure ? <p role="alert" className="tool-error">{failure}</p> : text !== undefined && <Code text={text} label={path} />}
    </section>
  );
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
