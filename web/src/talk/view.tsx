// A conversation, with what may be pressed where it waits for a person.
import { role } from "../api.ts";
import { useEnd } from "../parts/end.ts";
import { View } from "../parts/json.tsx";
import { Resume } from "../parts/resume.tsx";
import { useAsked } from "../parts/use.ts";
import { isOver, type HookInfo, type RunInfo } from "../types.ts";
import { Verdict } from "./verdict.tsx";
import type { Call, Part } from "./parts.ts";

export function Conversation({ parts, run }: { parts: Part[]; run: RunInfo }) {
  const end = useEnd<HTMLDivElement>(parts, !isOver(run.status));
  const may = role.value === "operate" && !isOver(run.status);
  const waits = parts.some((one) => one.kind === "call" && one.approval === "asked");
  const { value } = useAsked<{ hooks: HookInfo[] }>(may && waits ? `hooks?run=${encodeURIComponent(run.id)}&limit=1000` : undefined, 3000);
  const hooks = may && waits ? (value?.hooks ?? []) : [];
  const inputs = hooks.filter((one) => one.metadata.kind === "input");
  return (
    <div class="conversation" {...end} tabIndex={0} role="region" aria-label="Conversation">
      {parts.map((part, n) => <OnePart key={n} part={part} hooks={hooks} />)}
      {inputs.map((hook) => <div key={hook.token} class="call"><p><b>It waits for an answer</b></p><Resume hook={hook} done={() => undefined} /></div>)}
    </div>
  );
}

function OnePart({ part, hooks }: { part: Part; hooks: HookInfo[] }) {
  switch (part.kind) {
    case "role":
      return <h3 class="role">{part.role}</h3>;
    case "text":
      return <p class="said">{part.text}</p>;
    case "reasoning":
      return <details class="said dim" open><summary>thinks</summary>{part.text}</details>;
    case "note":
      return <p class={part.bad ? "bad" : "dim"}><b>{part.name}</b> {typeof part.value === "string" ? part.value : <View value={part.value} open={1} />}</p>;
    case "call":
      return <OneCall call={part} hooks={hooks} />;
  }
}

const SAID = { asked: "waits for an approval", approved: "approved", denied: "denied", "": "" } as const;

function OneCall({ call, hooks }: { call: Call; hooks: HookInfo[] }) {
  const hook = call.approval === "asked" ? hooks.find((one) => one.metadata.kind === "approval" && one.metadata.call === call.id) : undefined;
  const over = call.output !== undefined || call.error !== "" || call.approval === "denied";
  return (
    <div class={`call ${call.approval}`} role="group" aria-label={`Call of ${call.name}`}>
      <p class="row">
        <b class="mono">{call.name}</b>
        {call.approval && <span class={`tag ${call.approval}`}>{SAID[call.approval]}</span>}
        {!over && call.approval !== "asked" && <span class="dim">…</span>}
        {call.reason && <span class="dim">{call.reason}</span>}
      </p>
      {call.error && <p class="bad">{call.error}</p>}
      {call.input !== undefined ? <div><span class="dim">in</span> <View value={call.input} open={1} /></div> : call.coming && <p class="mono dim said">{call.coming}</p>}
      {call.output !== undefined && <div><span class="dim">out</span> <View value={call.output} open={1} /></div>}
      {hook && <Verdict hook={hook} />}
    </div>
  );
}
