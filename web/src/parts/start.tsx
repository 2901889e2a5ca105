// Starting a run: arguments by the schema of the workflow, or as JSON.
import { useState } from "preact/hooks";
import { post } from "../api.ts";
import { go, pathOf } from "../router.ts";
import type { Fields, Json, RunInfo, WorkflowEntry } from "../types.ts";
import { Wrong } from "./resume.tsx";
import { JsonInput, SchemaFields, starting } from "./schema_form.tsx";
import { useSending } from "./sending.ts";

const takesNothing = (input: Fields | null): boolean => input?.additionalProperties === false && !Object.keys(input.properties ?? {}).length;

export function Start({ workflow, given }: { workflow: WorkflowEntry; given?: Json }) {
  const [value, setValue] = useState<Json | undefined>(given ?? starting(workflow.input) ?? {});
  const [asJson, setAsJson] = useState(workflow.input === null);
  const { problem, busy, onSubmit } = useSending(async () => {
    const run = await post<RunInfo>("runs", { workflow: workflow.name, kwargs: value ?? {} });
    go(pathOf(run.id));
  });
  return (
    <form class="form" onSubmit={onSubmit}>
      {!asJson && takesNothing(workflow.input) ? <p class="dim">It takes no arguments.</p> : asJson || !workflow.input
        ? <label class="field"><span>Arguments by name</span><JsonInput value={value} set={setValue} rows={8} /></label>
        : <SchemaFields schema={workflow.input as Fields} value={value} set={setValue} />}
      <Wrong problem={problem} />
      <div class="row">
        <button class="primary" type="submit" disabled={busy}>Start</button>
        {workflow.input && <button type="button" class="quiet" onClick={() => setAsJson(!asJson)}>{asJson ? "As a form" : "As JSON"}</button>}
      </div>
    </form>
  );
}
