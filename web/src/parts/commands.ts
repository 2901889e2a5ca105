// Command lines that do what is pressed here.
import { pathOf } from "../router.ts";
import type { Json, RunInfo } from "../types.ts";

export const showing = (run: RunInfo): string => `outlast show ${named(run)}`;
export const waking = (run: RunInfo): string => `outlast wake ${named(run)}`;
export const cancelling = (run: RunInfo, reason: string): string => `outlast cancel ${reason && `--reason=${quoted(reason)} `}${named(run)}`;
export const resuming = (token: string, payload: Json): string => `outlast resume -- ${quoted(token)} ${quoted(JSON.stringify(payload))}`;

/** The command line starts workflows from files, which are not known here: so this one asks the API. */
export function rerunning(run: RunInfo, input: Json | undefined): string {
  const url = new URL(`api/v1/${pathOf(run.id)}/rerun`, document.baseURI).href;
  const token = sessionStorage.getItem("outlast-token") ? ' -H "Authorization: Bearer $OUTLAST_TOKEN"' : "";
  return `curl -X POST${token} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(input ?? {}))} ${quoted(url)}`;
}

/** As the last argument: what begins like an option is none. */
const named = ({ id }: RunInfo): string => (id.startsWith("-") ? `-- ${quoted(id)}` : quoted(id));

/** For a shell. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
