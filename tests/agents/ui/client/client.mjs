// The engine of `useChat`, with both transports, against a server of the tests. Prints one line of JSON: what each scene
// has come to, by its name. Usage: node client.mjs URL TRANSPORT
import { AbstractChat, DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses, uiMessageChunkSchema } from "ai";
import { WorkflowChatTransport } from "@ai-sdk/workflow/client";

const [url, transportName] = process.argv.slice(2);
const PATIENCE = 10_000; // milliseconds for a scene
console.error = console.warn = () => {}; // the transports tell of cut connections

class State {
  status = "ready";
  error = undefined;
  messages = [];
  watchers = new Set();
  constructor(messages) { this.messages = structuredClone(messages); }
  changed() { for (const watcher of [...this.watchers]) watcher(); }
  pushMessage = (message) => { this.messages = [...this.messages, structuredClone(message)]; this.changed(); };
  popMessage = () => { this.messages = this.messages.slice(0, -1); this.changed(); };
  replaceMessage = (at, message) => {
    this.messages = this.messages.map((one, index) => (index === at ? structuredClone(message) : one));
    this.changed();
  };
  snapshot = (thing) => structuredClone(thing);
}

class Chat extends AbstractChat {
  constructor({ messages = [], ...options }) { super({ ...options, state: new State(messages) }); }
  until(isSo) {
    const last = () => this.messages.at(-1)?.parts ?? [];
    return new Promise((done) => {
      const look = () => {
        if (!isSo(last())) return;
        this.state.watchers.delete(look);
        done();
      };
      this.state.watchers.add(look);
      look();
    });
  }
}

// The connection of the n-th response breaks after so many events; once. `tells.broke`: whether it had so many.
function cutting(events, { response: number = 1 } = {}, tells = {}) {
  let left = events, responses = 0;
  return async (input, init) => {
    const response = await fetch(input, init);
    if (left < 0 || !response.body || response.status !== 200 || ++responses < number) return response;
    let seen = 0;
    const limit = left;
    left = -1;
    const body = response.body.pipeThrough(new TransformStream({
      transform(bytes, controller) {
        const text = new TextDecoder().decode(bytes);
        for (const event of text.split(/(?<=\n\n)/)) {
          if (event.startsWith("data:") && seen++ === limit) {
            tells.broke = true;
            throw new TypeError("network error");
          }
          controller.enqueue(new TextEncoder().encode(event));
        }
      },
    }));
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

function transport(options = {}) {
  const api = `${url}/api/chat`;
  if (transportName === "default") return new DefaultChatTransport({ api, ...options });
  // It does not send the id of the chat by itself; `body` is how one gives it.
  return new WorkflowChatTransport({ api, ...options });
}

function chat(id, { messages, ...options } = {}) {
  return new Chat({
    id,
    messages,
    transport: transport(options),
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  });
}

const post = (path) => fetch(`${url}${path}`, { method: "POST" });
const script = (...replies) => fetch(`${url}/script`, { method: "POST", body: JSON.stringify(replies) });
const body = (one) => ({ body: { id: one.id } });
const say = (one, text) => one.sendMessage({ text }, body(one));
const settled = async (one) => {
  while (one.status === "submitted" || one.status === "streaming") await new Promise((go) => setTimeout(go, 5));
};
// Answer the request for approval that the last message waits with, and wait for what the server makes of it.
const respond = async (one, verdict) => {
  const { approval } = one.messages.at(-1).parts.find((part) => part.approval);
  await one.addToolApprovalResponse({ id: approval.id, ...verdict, options: body(one) });
  await new Promise((go) => setTimeout(go, 0)); // it sends by itself
  await settled(one);
};
const told = (one) => ({
  status: one.status,
  error: one.error?.message,
  messages: one.messages.map(({ id, role, parts }) => ({ id, role, parts })),
});

const scenes = {
  async send() {
    await script([["look", { at: "a" }]], "seen it all");
    const one = chat("send");
    await say(one, "look");
    await script("", "", "an answer");
    await say(one, "more");
    return told(one);
  },
  // The connection breaks after each number of events; and the model fails once on the way.
  async cut() {
    const ends = [], replies = [[["look", { at: "a" }]], "seen it all now"];
    for (let events = 0, tells = { broke: true }; tells.broke; events++) {
      tells.broke = false;
      await fetch(`${url}/script?break=1`, { method: "POST", body: JSON.stringify(replies) });
      const one = chat(`cut ${events}`, { fetch: cutting(events, {}, tells) });
      await say(one, "look");
      if (one.status === "error") await one.resumeStream();
      ends.push(told(one));
    }
    return ends;
  },
  // The same, in the response behind an approval.
  async cutApproved() {
    const ends = [];
    for (let events = 0, tells = { broke: true }; tells.broke; events++) {
      tells.broke = false;
      await script([["pay", { amount: 5 }]], "paid it all");
      const one = chat(`cut approved ${events}`, { fetch: cutting(events, { response: 2 }, tells) });
      await say(one, "pay");
      await respond(one, { approved: true });
      if (one.status === "error") await one.resumeStream();
      ends.push(told(one));
    }
    return ends;
  },
  async approve() {
    await script([["pay", { amount: 5 }]], "paid it");
    const one = chat("approve");
    await say(one, "pay");
    await respond(one, { approved: true });
    return told(one);
  },
  async deny() {
    await script([["pay", { amount: 5 }]], "then not");
    const one = chat("deny");
    await say(one, "pay");
    await respond(one, { approved: false, reason: "no" });
    return told(one);
  },
  // The page is loaded anew while the approval is waited for, and answers it then.
  async approveLater() {
    await script([["pay", { amount: 5 }]], "paid it");
    const one = chat("later");
    await say(one, "pay");
    const page = chat("later", { messages: one.messages.slice(0, 1) });
    await page.resumeStream();
    await respond(page, { approved: true });
    return told(page);
  },
  // Pages that are loaded while the answer is under way, with four kinds of history: none, the last message alone, all
  // messages, and all with half of the answer, or all of it so far.
  async reload() {
    await script("an answer");
    const one = chat("reload");
    await say(one, "hello");
    await script("", [["look", { at: "a" }], ["wait", {}]], "and done");
    const saying = say(one, "look and wait");
    await one.until((parts) => parts.filter((part) => part.input).length === 2);
    const all = structuredClone(one.messages);
    const [partial, whole, answer] = [all.slice(2, 3), all.slice(0, 3), all.at(-1)];
    const half = { ...answer, parts: answer.parts.slice(0, 2) };
    const pages = [[], partial, whole, [...whole, half], all].map((messages) => chat("reload", { messages }));
    const resumed = pages.map((page) => page.resumeStream());
    await Promise.all(pages.map((page) => page.until((parts) => parts.length > 1)));
    await post("/go");
    await Promise.all([saying, ...resumed]);
    return [one, ...pages].map(told);
  },
  async stop() {
    await script([["wait", {}]], "never said");
    const one = chat("stop");
    const saying = say(one, "wait");
    await one.until((parts) => parts.some((part) => part.input));
    await post("/api/chat/stop/stop");
    await saying;
    const stopped = told(one);
    await script("hello again");
    await say(one, "again");
    return [stopped, told(one)];
  },
  async idle() {
    await script("an answer");
    const one = chat("idle");
    await say(one, "hello");
    const page = chat("idle", { messages: one.messages });
    await page.resumeStream();
    const fresh = chat("nobody");
    await fresh.resumeStream();
    return [one, page, fresh].map(told);
  },
  // A page that is loaded later: what the server tells is what another client has seen.
  async load() {
    await script([["look", { at: "a" }]], "seen it all", [["pay", { amount: 5 }]], "paid it");
    const one = chat("load");
    await say(one, "look");
    await say(one, "pay");
    const history = async () => (await (await fetch(`${url}/api/chat/load`)).json()).messages;
    const [asking, asked] = [await history(), told(one)];
    const page = chat("load", { messages: asking });
    await respond(page, { approved: true });
    return [asking, asked, await history(), told(page)];
  },
  // Each type of chunk, against the schema with which the transports read them.
  async samples() {
    const forms = await (await fetch(`${url}/samples`)).json();
    const { validate } = uiMessageChunkSchema();
    return Promise.all(forms.map(async (form) => (await validate(form)).success));
  },
  async regenerate() {
    await script("an answer");
    const one = chat("regenerate");
    await say(one, "hello");
    const first = one.messages.at(-1).id;
    await one.regenerate(body(one));
    return [first, told(one)];
  },
};

const ends = {};
for (const [name, scene] of Object.entries(scenes)) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error(`${name} takes too long`)), PATIENCE));
  ends[name] = await Promise.race([scene(), late]).catch((error) => ({ failed: String(error?.stack ?? error) }));
}
console.log(JSON.stringify(ends));
process.exit(0);
