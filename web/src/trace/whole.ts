// Errors that were too long for the page.
import { useAsked } from "../parts/use.ts";
import { pathOf } from "../router.ts";
import type { Json, RunInfo } from "../types.ts";
import { errorOf, type ErrorText } from "./model.ts";

/** The error; of one that was cut, first its beginning, then all of it. */
export function useWhole(error: ErrorText | null, run: RunInfo): ErrorText | null {
  const cutAt = error?.cutAt ?? null;
  const { value } = useAsked<Json>(cutAt === null ? undefined : `${pathOf(run.id)}/events/${cutAt}/error`);
  return cutAt === null ? error : (errorOf(value) ?? error);
}
