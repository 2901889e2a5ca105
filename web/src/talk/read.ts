// What the chunks of a stream say, as a conversation. Pure.
import type { Fields, Json } from "../types.ts";
import { readChunk } from "./chunks.ts";
import { readEvent } from "./events.ts";
import { readMessage } from "./messages.ts";
import { isFields, Talk, words, type Part } from "./parts.ts";

/** The parts; `null` if nobody speaks in these chunks. */
export function conversation(chunks: readonly Json[]): Part[] | null {
  const talk = new Talk();
  let known = 0;
  for (const chunk of chunks) {
    if (isFields(chunk)) {
      if (readChunk(talk, chunk) || readEvent(talk, chunk) || readMessage(talk, chunk)) known++;
    } else if (typeof chunk === "string") token(talk, chunk);
  }
  return known ? talk.parts : null;
}

/** Words between messages. */
function token(talk: Talk, text: string): void {
  const last = talk.parts.at(-1);
  if (last?.kind === "text" && last.id === "token") last.text += text;
  else talk.add({ kind: "text", id: "token", text });
}

/** Scripts that put no spaces between words, and characters that a word of theirs has at most on average. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u;
const SHORT = 4;

/** All that is said, as one text. Words have spaces around them, where their script has any, or else each chunk is a line of its own. */
export function plainText(chunks: readonly Json[]): string {
  // Bytes are often text, such as the output of a program; a chunk of them may end within a character.
  const decoder = new TextDecoder();
  const texts = chunks.map((one) => (typeof one === "string" ? one : isBytes(one) ? decoder.decode(bytesOf(words(one.base64)), { stream: true }) : deltaOf(one)));
  const glued = texts.length < 2 || chunks.every(isBytes) || texts.some((one) => /^\s|\s$/.test(one)) || areUnspaced(texts);
  return texts.join(glued ? "" : "\n");
}

const areUnspaced = (texts: string[]): boolean =>
  texts.some((one) => UNSPACED.test(one)) && texts.reduce((sum, one) => sum + one.length, 0) <= texts.length * SHORT;

const deltaOf = (chunk: Json): string => {
  if (isFields(chunk) && typeof chunk.delta === "string") return chunk.delta;
  if (isFields(chunk) && isFields(chunk.delta) && typeof chunk.delta.content_delta === "string") return chunk.delta.content_delta;
  return `${JSON.stringify(chunk)}\n`;
};

const isBytes = (chunk: Json): chunk is Fields => isFields(chunk) && chunk.$type === "bytes";
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
