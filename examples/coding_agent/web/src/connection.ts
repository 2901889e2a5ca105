// The connection to the server: a `fetch` that does not give up, and what the page tells of it.

export interface Trouble {
  /** How often it was tried in vain. */
  attempts: number;
  /** When it is tried next, in milliseconds of the epoch; `null` while it is tried. */
  next: number | null;
}

export type ConnectionState =
  | { is: "fine" }
  | { is: "lost"; trouble: Trouble }
  | { is: "restored" };

const DELAYS = [300, 600, 1_200, 2_500, 5_000];
const GATEWAY_ERRORS = [502, 503, 504];
const SHOW_RESTORED = 4_000;

/** Who waits for the server, and who wants to know. */
class Connection {
  state: ConnectionState = { is: "fine" };
  private readonly watchers = new Set<() => void>();
  private readonly waiting = new Map<symbol, Trouble>();
  private readonly impatient = new Set<() => void>();
  private readonly gone = Symbol("gone");
  private fading: ReturnType<typeof setTimeout> | undefined;

  subscribe = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  /** Try again now, without waiting for the end of the delay. */
  hurry = () => {
    for (const go of [...this.impatient]) go();
  };

  /** Somebody could not reach the server. */
  lost(who: symbol, trouble: Trouble) {
    this.waiting.set(who, trouble);
    const worst = [...this.waiting.values()].reduce((one, other) => (other.attempts > one.attempts ? other : one));
    this.become({ is: "lost", trouble: worst });
  }

  /** The server has gone in the middle of something. Until somebody reaches it again it counts as lost: while it is
   * started anew, requests are not refused, they wait. */
  broken() {
    this.lost(this.gone, { attempts: 1, next: null });
  }

  /** Somebody has reached it, so whoever waits need not. */
  reached(who: symbol) {
    this.waiting.delete(who);
    this.waiting.delete(this.gone);
    if (this.state.is === "lost") {
      this.become({ is: "restored" });
      this.fading = setTimeout(() => this.become({ is: "fine" }), SHOW_RESTORED);
    }
    this.hurry();
  }

  /** Somebody no longer wants to reach it. */
  left(who: symbol) {
    this.waiting.delete(who);
    if (this.waiting.size === 0 && this.state.is === "lost") this.become({ is: "fine" });
  }

  pause(delay: number, signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((done) => {
      const go = () => {
        clearTimeout(timer);
        this.impatient.delete(go);
        signal?.removeEventListener("abort", go);
        done();
      };
      const timer = setTimeout(go, delay);
      this.impatient.add(go);
      signal?.addEventListener("abort", go);
    });
  }

  private become(state: ConnectionState) {
    clearTimeout(this.fading);
    this.state = state;
    for (const watcher of [...this.watchers]) watcher();
  }
}

export const connection = new Connection();
addEventListener("online", connection.hurry);

/** `fetch` that tries until the server answers. All that this page sends can be sent twice: messages have ids, and
 * the rest is idempotent. A body of events that breaks off before its end fails as a network error, also if
 * the server has closed it in order: for what it carries is not finished. */
export const patientFetch: typeof fetch = async (input, init) => {
  const who = Symbol();
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(input, init);
      if (!GATEWAY_ERRORS.includes(response.status)) {
        connection.reached(who);
        return watched(response, init?.signal);
      }
    } catch (error) {
      if (!(error instanceof TypeError) || init?.signal?.aborted) {
        connection.left(who);
        throw error;
      }
    }
    const delay = DELAYS[Math.min(attempt, DELAYS.length - 1)] ?? 0;
    const jitter = delay * (0.8 + 0.4 * Math.random());
    connection.lost(who, { attempts: attempt + 1, next: Date.now() + jitter });
    await connection.pause(jitter, init?.signal);
    if (init?.signal?.aborted) {
      connection.left(who);
      throw new DOMException("no longer wanted", "AbortError");
    }
    connection.lost(who, { attempts: attempt + 1, next: null });
  }
};

const DONE = "data: [DONE]";

function watched(response: Response, signal: AbortSignal | null | undefined): Response {
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let end = "";
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          end = (end + decoder.decode(value, { stream: true })).slice(-DONE.length - 4);
          controller.enqueue(value);
        } else if (end.includes(DONE)) {
          controller.close();
        } else {
          throw new TypeError("network error: the server has closed the connection");
        }
      } catch (error) {
        if (!signal?.aborted) connection.broken();
        controller.error(signal?.aborted ? error : new TypeError(`network error: ${String(error)}`));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
