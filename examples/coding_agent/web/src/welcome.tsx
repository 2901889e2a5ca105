import { Inline } from "./markdown";
import type { Info, Kind } from "./types";

const ASK: Record<Kind, string[]> = {
  code: ["Make me a stopwatch", "Make me a todo list", "Wait 20 seconds and then make me a stopwatch"],
  talk: ["Tell me a short story about a lighthouse", "What is a durable workflow?"],
};

interface Props {
  kind: Kind;
  info: Info | undefined;
  onSay: (text: string) => void;
}

/** What one sees before anything was said. */
export function Welcome({ kind, info, onSay }: Props) {
  const model = kind === "code" ? info?.code : info?.talk;
  return (
    <div className="scroll welcome">
      <div className="welcome-text">
        <h2>{kind === "code" ? "What shall I build?" : "A plain chat"}</h2>
        {kind === "code" ? (
          <p>The agent makes a sandbox, writes files and runs commands in it, and shows what it has made at the side. All of it is one durable run: reload the page, kill the server, come back tomorrow.</p>
        ) : (
          <p>Each answer is a durable run of its own. Cut it off as you like: it goes on where it was.</p>
        )}
        {model?.scripted && <p className="honest"><strong>No language model is at work here.</strong> What the agent says and does follows a script; the tools, the sandbox and the durability are real. Give it a model by name, and it thinks for itself: see the README.</p>}
        {kind === "code" && info?.sandbox_missing && <p className="banner" role="alert"><Inline text={info.sandbox_missing} /></p>}
        {kind === "talk" && info?.talk === null && <p className="banner" role="alert"><Inline text={info.talk_missing ?? ""} /></p>}
        <ul className="suggestions">
          {ASK[kind].map((one) => (
            <li key={one}><button onClick={() => onSay(one)}>{one}</button></li>
          ))}
        </ul>
        {kind === "code" && info && <Limits limits={info.limits} />}
      </div>
    </div>
  );
}

function Limits({ limits }: { limits: Record<string, string> }) {
  const all = Object.entries(limits);
  if (all.length === 0) return null;
  return (
    <dl className="limits" aria-label="Limits of a sandbox">
      {all.map(([name, limit]) => (
        <div key={name}><dt>{name.replaceAll("_", " ")}</dt><dd>{limit}</dd></div>
      ))}
    </dl>
  );
}
