// Handing a payload to a hook, with a form made from its schema.
import { useState } from "preact/hooks";
import { post, type Problem } from "../api.ts";
import type { HookInfo, Json } from "../types.ts";
import { resuming } from "./commands.ts";
import { JsonInput, SchemaFields, starting } from "./schema_form.tsx";
import { useSending } from "./sending.ts";
import { Copy } from "./small.tsx";

export function Resume({ hook, done }: { hook: HookInfo; done: () => void }) {
  const [value, setValue] = useState<Json | undefined>(() => starting(hook.schema));
  const [sent, setSent] = useState(false);
  const { problem, busy, onSubmit } = useSending(async () => {
    await post("hooks/resume", { token: hook.token, payload: value ?? null });
    setSent(true);
    done();
  });
  if (sent) return <p class="good" role="status">Recorded: the run goes on.</p>;
  return (
    <form class="form" onSubmit={onSubmit}>
      {hook.schema?.description !== undefined && <p class="dim">{String(hook.schema.description)}</p>}
      {hook.schema ? <SchemaFields schema={hook.schema} value={value} set={setValue} /> : <label class="field"><span>Payload</span><JsonInput value={value} set={setValue} /></label>}
      <Wrong problem={problem} />
      <div class="row"><button class="primary" type="submit" disabled={busy}>Resume</button><Copy text={resuming(hook.token, value ?? null)} label="Copy command" /></div>
    </form>
  );
}

export function Wrong({ problem }: { problem: Problem | undefined }) {
  if (!problem) return null;
  const lines = problem.problems?.length ? problem.problems : [problem.detail];
  return <div class="wrong" role="alert">{lines.map((one) => <p key={one}>{one}</p>)}</div>;
}
