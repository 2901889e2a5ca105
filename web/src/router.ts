// Where we are: the path below where the pages are mounted, and the query, which holds all filters.
import { signal } from "@preact/signals";

const BASE = new URL(document.baseURI).pathname;

export interface Place {
  path: string;
  query: URLSearchParams;
}

const here = (): Place => ({
  path: location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : "",
  query: new URLSearchParams(location.search),
});

export const place = signal<Place>(here());
/** Whether the browser has gone back or forward to where we are: things are looked for where they were. */
export let returned = false;
addEventListener("popstate", () => {
  returned = true;
  place.value = here();
});

/** Of a run: its page, and what the API has of it. An id may have any characters but slashes. */
export const pathOf = (id: string): string => `runs/${encodeURIComponent(id)}`;

export const href = (path: string): string => BASE + path;

export function go(path: string): void {
  move(path, false);
  scrollTo(0, 0);
}

function move(path: string, replace: boolean): void {
  returned = false;
  history[replace ? "replaceState" : "pushState"](null, "", href(path));
  place.value = here();
}

/** Changes some parameters of the query; `undefined` and `""` take one away. */
export function change(params: { [name: string]: string | string[] | undefined }, replace = false): void {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(params)) {
    query.delete(name);
    for (const one of Array.isArray(value) ? value : [value ?? ""]) if (one) query.append(name, one);
  }
  const text = query.toString() && `?${query}`;
  // Nothing has changed: going back would seem to do nothing.
  if (text !== location.search) move(place.value.path + text, replace);
}

/** Links of ours change the page without loading it again. */
addEventListener("click", (event) => {
  const link = (event.target as Element | null)?.closest?.("a");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.origin !== location.origin || !link.pathname.startsWith(BASE) || link.target || link.hasAttribute("download")) return;
  event.preventDefault();
  go(link.pathname.slice(BASE.length) + link.search);
});
