// A form made from a JSON Schema. What it cannot ask for field by field, it asks for as JSON.
import { useState } from "preact/hooks";
import type { Fields, Json } from "../types.ts";

export interface Draft {
  value: Json | undefined;
  problem: string | undefined;
}

interface FieldProps {
  schema: Fields;
  root: Fields;
  name: string;
  value: Json | undefined;
  needed: boolean;
  set: (value: Json | undefined) => void;
}

/** The fields of a schema; `set` is told each change. */
export function SchemaFields({ schema, value, set }: { schema: Fields; value: Json | undefined; set: (value: Json | undefined) => void }) {
  return <Field schema={schema} root={schema} name="" value={value} needed set={set} />;
}

export function starting(schema: Fields | null): Json | undefined {
  return schema ? initial(resolved(schema, schema), schema) : null;
}

function initial(schema: Fields, root: Fields): Json | undefined {
  if (schema.default !== undefined) return schema.default;
  if (schema.type === "boolean") return false;
  if (schema.type !== "object" || !isFields(schema.properties)) return undefined;
  const made: Fields = {};
  for (const [name, one] of Object.entries(schema.properties)) {
    const value = initial(resolved(one as Fields, root), root);
    if (value !== undefined) made[name] = value;
  }
  return made;
}

function Field(props: FieldProps) {
  const schema = resolved(props.schema, props.root);
  const label = String(schema.title ?? props.name) || "Payload";
  if (schema.type === "object" && isFields(schema.properties) && Object.keys(schema.properties).length) {
    return <Group {...props} schema={schema} label={label} />;
  }
  return (
    <label class={schema.type === "boolean" ? "field check" : "field"}>
      <span>{label}{props.needed ? "" : <em> optional</em>}</span>
      <Input {...props} schema={schema} />
      {schema.description !== undefined && <small>{String(schema.description)}</small>}
    </label>
  );
}

function Group({ schema, root, name, value, set, label }: FieldProps & { label: string }) {
  const now = isFields(value) ? value : {};
  const needed = Array.isArray(schema.required) ? schema.required : [];
  const inner = Object.entries(schema.properties as Fields).map(([key, one]) => (
    <Field
      key={key}
      schema={{ title: key, ...(one as Fields) }}
      root={root}
      name={key}
      value={now[key]}
      needed={needed.includes(key)}
      set={(next) => {
        const { [key]: _, ...rest } = now;
        set(next === undefined ? rest : { ...rest, [key]: next });
      }}
    />
  ));
  if (!name) return <>{inner}</>;
  return <fieldset><legend>{label}</legend>{inner}</fieldset>;
}

function Input({ schema, value, needed, set }: FieldProps) {
  const text = typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);
  if (schema.type === "boolean") {
    return <input type="checkbox" checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />;
  }
  if (Array.isArray(schema.enum)) {
    const options = schema.enum;
    return (
      <select value={options.indexOf(value ?? null)} onChange={(event) => set(options[Number(event.currentTarget.value)])}>
        {value === undefined && <option value={-1} />}
        {options.map((one, index) => <option key={index} value={index}>{String(one)}</option>)}
      </select>
    );
  }
  if (schema.type === "integer" || schema.type === "number") {
    return (
      <input
        type="number" value={text} required={needed} step={schema.type === "integer" ? 1 : "any"}
        min={bound(schema.minimum)} max={bound(schema.maximum)}
        onInput={(event) => set(event.currentTarget.value === "" ? undefined : Number(event.currentTarget.value))}
      />
    );
  }
  if (schema.type === "string") {
    return <input type="text" value={text} onInput={(event) => set(event.currentTarget.value === "" && !needed ? undefined : event.currentTarget.value)} />;
  }
  return <JsonInput value={value} set={set} />;
}

export function JsonInput({ value, set, rows = 3 }: { value: Json | undefined; set: (value: Json | undefined) => void; rows?: number }) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const [problem, setProblem] = useState("");
  const read = (input: HTMLTextAreaElement) => {
    let wrong = "";
    setText(input.value);
    try {
      set(input.value.trim() ? (JSON.parse(input.value) as Json) : undefined);
    } catch (error) {
      wrong = String(error).replace(/^SyntaxError: /, "");
    }
    setProblem(wrong);
    input.setCustomValidity(wrong); // what cannot be read is not sent: it would be what was there before
  };
  return (
    <>
      <textarea class="mono" rows={rows} value={text} spellcheck={false} aria-invalid={problem !== ""} placeholder="JSON" onInput={(event) => read(event.currentTarget)} />
      {problem && <small class="bad">{problem}</small>}
    </>
  );
}

const bound = (value: Json | undefined): number | undefined => (typeof value === "number" ? value : undefined);

const isFields = (value: Json | undefined): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** Follows references inside the document, and takes the one kind of value out of `X | None`. */
function resolved(schema: Fields, root: Fields): Fields {
  let found = schema;
  for (let depth = 0; depth < 8; depth++) {
    if (typeof found.$ref === "string") {
      const { $ref, ...own } = found;
      const target = String($ref).split("/").slice(1).reduce<Json | undefined>((at, key) => (isFields(at) ? at[key] : undefined), root);
      found = isFields(target) ? { ...target, ...own } : own;
    } else if (Array.isArray(found.anyOf)) {
      const kinds = found.anyOf.filter((one) => isFields(one) && one.type !== "null") as Fields[];
      if (kinds.length !== 1) return found;
      const { anyOf: _, ...own } = found;
      found = { ...kinds[0]!, ...own };
    } else return found;
  }
  return found;
}
