// A form made from a JSON Schema. What it cannot ask for field by field, it asks for as JSON.
import { useState } from "preact/hooks";
import { parsed, wholeNumber } from "../exact.ts";
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
  /** How many objects it lies in. */
  depth: number;
  set: (value: Json | undefined) => void;
}

/** Objects in objects that have fields of their own: a schema may have itself in it, without an end. */
const DEEPEST = 6;

/** The fields of a schema; `set` is told each change. */
export function SchemaFields({ schema, value, set }: { schema: Fields; value: Json | undefined; set: (value: Json | undefined) => void }) {
  return <Field schema={schema} root={schema} name="" value={value} needed depth={0} set={set} />;
}

export function starting(schema: Fields | null): Json | undefined {
  return schema ? initial(schema, schema) : null;
}

/** What it has before anybody has filled in anything. */
function initial(given: Fields, root: Fields, depth = 0): Json | undefined {
  const schema = resolved(given, root);
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.nullable) return null;
  if (schema.type === "boolean") return false;
  if (schema.type !== "object" || !isFields(schema.properties) || depth >= DEEPEST) return undefined;
  const made: Fields = {};
  for (const [name, one] of Object.entries(schema.properties)) {
    const value = isNeeded(schema, name) || (one as Fields).default !== undefined ? initial(one as Fields, root, depth + 1) : undefined;
    if (value !== undefined) made[name] = value;
  }
  return made;
}

const isNeeded = (schema: Fields, name: string): boolean => Array.isArray(schema.required) && schema.required.includes(name);

function Field(props: FieldProps) {
  const schema = resolved(props.schema, props.root);
  const label = String(schema.title ?? props.name) || "Payload";
  if (schema.type === "object" && isFields(schema.properties) && Object.keys(schema.properties).length && props.depth < DEEPEST) {
    return <Group {...props} schema={schema} label={label} />;
  }
  return (
    <label class={schema.type === "boolean" && !schema.nullable ? "field check" : "field"}>
      <span>{label}{props.needed ? "" : <em> optional</em>}</span>
      <Input {...props} schema={schema} />
      {schema.description !== undefined && <small>{String(schema.description)}</small>}
    </label>
  );
}

function Group({ schema, root, name, value, needed, depth, set, label }: FieldProps & { label: string }) {
  const now = isFields(value) ? value : {};
  const inner = () => Object.entries(schema.properties as Fields).map(([key, one]) => (
    <Field
      key={key}
      schema={{ title: key, ...(one as Fields) }}
      root={root}
      name={key}
      value={Object.hasOwn(now, key) ? now[key] : undefined}
      needed={isNeeded(schema, key)}
      depth={depth + 1}
      set={(next) => {
        const { [key]: _, ...rest } = now;
        set(next === undefined ? rest : { ...rest, [key]: next });
      }}
    />
  ));
  if (!schema.nullable && (needed || isFields(schema.default))) return name ? <fieldset><legend>{label}</legend>{inner()}</fieldset> : <>{inner()}</>;
  const none = schema.nullable ? null : undefined;
  const { nullable: _, default: __, ...given } = schema;
  return (
    <fieldset>
      <legend><label class="check"><input type="checkbox" checked={isFields(value)} onChange={(event) => set(event.currentTarget.checked ? initial(given, root, depth) : none)} /> {label} <em>optional</em></label></legend>
      {isFields(value) && inner()}
    </fieldset>
  );
}

function Input({ schema, value, needed, set }: FieldProps) {
  const text = typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);
  if (schema.type === "boolean" && !schema.nullable) {
    return <input type="checkbox" checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />;
  }
  const options = optionsOf(schema);
  if (options) {
    const at = value === undefined ? -1 : options.indexOf(value);
    return (
      <select value={at < 0 ? "" : at} required={needed} onChange={({ currentTarget }) => set(currentTarget.value === "" ? undefined : options[Number(currentTarget.value)])}>
        {at < 0 && <option value="" />}
        {options.map((one, index) => <option key={index} value={index}>{String(one)}</option>)}
      </select>
    );
  }
  if (schema.type === "integer" || schema.type === "number") return <NumberInput schema={schema} given={text} needed={needed} set={set} />;
  if (schema.type === "string") {
    const hint = HINTS[String(schema.format)];
    const blank = schema.nullable ? null : needed || schema.default !== undefined ? "" : undefined;
    return <input type={schema.format === "date" ? "date" : "text"} value={text} placeholder={hint} onInput={({ currentTarget }) => set(currentTarget.value === "" ? blank : currentTarget.value)} />;
  }
  return <JsonInput value={value} set={set} />;
}

/** It keeps what is typed and not the number that this is: `0.0` is on the way to `0.05`. */
function NumberInput({ schema, given, needed, set }: { schema: Fields; given: string; needed: boolean; set: FieldProps["set"] }) {
  const [text, setText] = useState(given);
  const read = (typed: string) => {
    setText(typed);
    set(typed === "" ? (schema.nullable ? null : undefined) : wholeNumber(Number(typed), typed));
  };
  return (
    <input
      type="number" value={text} required={needed && !schema.nullable} step={schema.type === "integer" ? 1 : "any"}
      min={bound(schema.minimum)} max={bound(schema.maximum)} onInput={({ currentTarget }) => read(currentTarget.value)}
    />
  );
}

/** How texts of these formats are written. */
const HINTS: { [format: string]: string } = { "date-time": "2026-01-31T09:30:00Z", time: "09:30:00", duration: "P1DT2H30M" };

/** The values that there are to choose from, if they are known. */
function optionsOf({ type, enum: members, const: only, nullable }: Fields): Json[] | undefined {
  const options = Array.isArray(members) ? members : only !== undefined ? [only] : type === "boolean" ? [true, false] : undefined;
  return options && nullable && !options.includes(null) ? [null, ...options] : options;
}

export function JsonInput({ value, set, rows = 3 }: { value: Json | undefined; set: (value: Json | undefined) => void; rows?: number }) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const [problem, setProblem] = useState("");
  const read = (input: HTMLTextAreaElement) => {
    let wrong = "";
    setText(input.value);
    try {
      set(input.value.trim() ? parsed(input.value) : undefined);
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

/** Follows references inside the document, and takes the one kind of value out of `X | None`, which is `nullable` then. */
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
      found = { ...kinds[0]!, ...own, ...(kinds.length < found.anyOf.length && { nullable: true }) };
    } else return found;
  }
  return found;
}
