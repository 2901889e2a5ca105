// The filters above the table. All are in the address, so that it can be kept and sent.
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.ts";
import { change, go, href, pathOf } from "../router.ts";
import { STATUSES, type WorkflowEntry } from "../types.ts";
import { said, type Overview } from "./chart.tsx";
import { isFiltered, WINDOWS } from "./found.ts";

interface BarProps {
  params: URLSearchParams;
  overview: Overview | undefined;
}

const ORDERS = [["", "Newest first"], ["created", "Oldest first"], ["-ended", "Ended last"], ["ended", "Ended first"]] as const;
const FOLDED = ["workflow", "attribute", "within", "from", "to", "version", "sort"];

/** What the numbers beside the statuses do not follow. */
const FILTERS = ["text", "workflow", "attribute", "within", "from", "to", "version", "parent"];

/** Another list begins at its first page. */
const filter = (params: { [name: string]: string | string[] | undefined }, replace = false): void => change({ ...params, cursor: undefined }, replace);

export function Bar({ params, overview }: BarProps) {
  const [open, setOpen] = useState(false);
  const number = FOLDED.filter((name) => params.get(name)).length;
  return (
    <div class="bar" role="search">
      <Typed id="find" type="search" label="Find runs" placeholder="Find: id, workflow, attribute  ( / )" value={params.get("text") ?? ""} pause={250} set={(text, pausing) => look(text, pausing)} />
      <button type="button" class="folds" aria-expanded={open} onClick={() => setOpen(!open)}>Filters{number ? ` (${number})` : ""}</button>
      <span class={`more${open ? " open" : ""}`}>
        <WorkflowInput value={params.get("workflow") ?? ""} />
        <Attributes given={params.getAll("attribute")} />
        <Window params={params} />
        <Typed label="Version" placeholder="Version" size={10} value={params.get("version") ?? ""} set={(version) => filter({ version })} />
        <select aria-label="Order" value={params.get("sort") ?? ""} onChange={(event) => filter({ sort: event.currentTarget.value })}>
          {ORDERS.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        </select>
      </span>
      <Chips on={params.getAll("status")} overview={overview} ofAll={FILTERS.some((name) => params.get(name))} />
      {isFiltered(params) && <a href={href("runs")}>Clear filters</a>}
    </div>
  );
}

/** A whole id, with Enter, is a run to open. */
function look(text: string, pausing: boolean): void {
  if (!pausing && /^run_\w{20,}$/.test(text)) go(pathOf(text));
  else filter({ text }, pausing);
}

function Chips({ on, overview, ofAll }: { on: string[]; overview: Overview | undefined; ofAll: boolean }) {
  const turn = (status: string) => filter({ status: on.includes(status) ? on.filter((one) => one !== status) : [...on, status] });
  return (
    <span class="chips" role="group" aria-label="Status">
      {ofAll && <span class="dim of-all" title="The numbers do not follow the filters">of all runs:</span>}
      {STATUSES.map((status) => (
        <button key={status} type="button" class={`chip ${status}`} title="The number is of all runs" aria-pressed={on.includes(status)} onClick={() => turn(status)}>
          <i aria-hidden="true" />{status} <b>{overview ? said(overview.counts[status] ?? 0, overview.limit) : "–"}</b>
        </button>
      ))}
    </span>
  );
}

/** With the names that are served, once somebody asks. */
function WorkflowInput({ value }: { value: string }) {
  const [names, setNames] = useState<string[]>();
  const ask = () => names ?? get<{ workflows: WorkflowEntry[] }>("workflows").then(({ workflows }) => setNames(workflows.map((one) => one.name)), () => undefined);
  return (
    <span onFocusIn={ask}>
      <Typed label="Workflow" placeholder="Workflow" size={14} value={value} list="workflow-names" set={(workflow) => filter({ workflow })} />
      <datalist id="workflow-names">{names?.map((name) => <option key={name} value={name} />)}</datalist>
    </span>
  );
}

/** One field for each in the address: all of them must fit. */
function Attributes({ given }: { given: string[] }) {
  const set = (index: number, value: string) => filter({ attribute: given.length ? given.with(index, value) : [value] });
  return (given.length ? given : [""]).map((one, index) => (
    <Typed key={index} label="Attribute" placeholder="Attribute: name=value" size={18} value={one} set={(value) => set(index, value)} />
  ));
}

function Window({ params }: { params: URLSearchParams }) {
  const [from, to] = [params.get("from"), params.get("to")];
  const between = from !== null || to !== null;
  const choose = (chosen: string) =>
    filter(chosen === "between" ? { within: "", from: new Date(Date.now() - 86_400_000).toISOString() } : { within: chosen, from: "", to: "" });
  return (
    <>
      <select aria-label="Started within" value={between ? "between" : params.get("within") ?? ""} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">Any time</option>
        {WINDOWS.map(([name]) => <option key={name} value={name}>Last {name}</option>)}
        <option value="between">Between…</option>
      </select>
      {between && (
        <>
          <Moment label="From" given={from ?? ""} set={(moment) => filter({ from: moment }, true)} />
          <Moment label="To" given={to ?? ""} set={(moment) => filter({ to: moment }, true)} />
        </>
      )}
    </>
  );
}

/** While one part of it is typed there is no moment, and with each digit of a year there is another: they count after a pause. */
function Moment({ label, given, set }: { label: string; given: string; set: (moment: string) => void }) {
  const [text, setText] = useState(local(given));
  const timer = useRef(0);
  useEffect(() => void (timer.current || setText((now) => (iso(now) === given ? now : local(given)))), [given]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const done = (typed: string) => {
    clearTimeout(timer.current);
    timer.current = 0;
    if (iso(typed) !== iso(local(given))) set(iso(typed));
  };
  const typed = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = next ? setTimeout(() => done(next), 800) : 0;
  };
  return (
    <input
      type="datetime-local" aria-label={label} step={1} max="9999-12-31T23:59:59" value={text} onInput={(event) => typed(event.currentTarget.value)}
      onBlur={(event) => done(event.currentTarget.value)} onKeyDown={(event) => event.key === "Enter" && done(event.currentTarget.value)}
    />
  );
}

/** A moment as the input has it: in the time of this place, without its name, and without seconds where they are none. */
function local(moment: string): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace(/:00$/, "");
}

const iso = (text: string): string => (text ? new Date(text).toISOString() : "");

interface TypedProps {
  id?: string;
  type?: string;
  label: string;
  placeholder: string;
  value: string;
  size?: number;
  list?: string;
  /** Milliseconds of no typing after which what there is counts. */
  pause?: number;
  set: (value: string, pausing: boolean) => void;
}

/** What is typed is kept while the page is drawn anew around it, and counts with Enter, or when the field is left. */
function Typed({ label, value, pause, set, ...rest }: TypedProps) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  const gone = useRef(false); // a field that is taken away says once more what it has
  // What the address has is what was typed, without the spaces around it; and more may have been typed since.
  useEffect(() => void (timer.current || setText((now) => (now.trim() === value ? now : value))), [value]);
  useEffect(() => () => {
    gone.current = true;
    clearTimeout(timer.current);
  }, []);
  const done = (typed: string, pausing: boolean) => {
    clearTimeout(timer.current);
    timer.current = 0;
    if (!gone.current) set(typed.trim(), pausing);
  };
  const typed = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    if (pause) timer.current = setTimeout(() => done(next, true), pause);
  };
  return (
    <input
      type="text" {...rest} aria-label={label} autoComplete="off" spellcheck={false} value={text} onInput={(event) => typed(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Enter" && done(event.currentTarget.value, false)} onChange={(event) => done(event.currentTarget.value, true)}
    />
  );
}
