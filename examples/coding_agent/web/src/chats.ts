// The chats, with the two transports of the AI SDK: a session of the coding agent comes back to its whole answer, a turn of
// the plain chat to the chunk at which it was cut off.
import { Chat } from "@ai-sdk/react";
import { WorkflowChatTransport } from "@ai-sdk/workflow/client";
import {
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  type ChatTransport,
  type PrepareSendMessagesRequest,
} from "ai";
import { base, history } from "./api";
import { patientFetch } from "./connection";
import type { Kind, Message, Part, Place } from "./types";

const open = new Map<string, Promise<Chat<Message>>>();
const ENDLESS = 1_000_000;

/** The chat at a place, with what was said so far, and listening to the answer that is under way. */
export function chatAt({ kind, id }: Place): Promise<Chat<Message>> {
  const known = open.get(id);
  if (known) return known;
  const made = history(kind, id).then((messages) => make(kind, id, messages));
  open.set(id, made);
  made.catch(() => open.delete(id));
  return made;
}

/** Read a chat anew: after it was refused, since the server knows better. */
export async function reload(chat: Chat<Message>, kind: Kind): Promise<void> {
  chat.messages = await history(kind, chat.id);
  chat.clearError();
  await chat.resumeStream();
}

function make(kind: Kind, id: string, messages: Message[]): Chat<Message> {
  const chat: Chat<Message> = new Chat<Message>({
    id,
    messages,
    transport: transport(kind),
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
    onFinish: ({ isDisconnect }) => {
      if (isDisconnect) setTimeout(() => void chat.resumeStream());
    },
  });
  if (messages.length) void chat.resumeStream();
  return chat;
}

/** The server has its own history: the last message is all that it needs. */
const lastOnly: PrepareSendMessagesRequest<Message> = ({ id, messages, trigger, messageId }) => ({
  body: { id, messages: messages.slice(-1), trigger, messageId },
  headers: { "content-type": "application/json" },
});

function transport(kind: Kind): ChatTransport<Message> {
  const options = { api: base(kind), fetch: patientFetch, prepareSendMessagesRequest: lastOnly };
  return kind === "code"
    ? new DefaultChatTransport<Message>(options)
    : new WorkflowChatTransport<Message>({ ...options, maxConsecutiveErrors: ENDLESS });
}

/** What the last message waits for. */
export function pendingApproval(messages: Message[]): Part | undefined {
  return messages.at(-1)?.parts.find((part) => "state" in part && part.state === "approval-requested");
}

/** The newest data of a kind in a chat. */
export function newest<T>(messages: Message[], type: Part["type"]): T | undefined {
  for (const message of messages.toReversed()) {
    const found = message.parts.findLast((part) => part.type === type);
    if (found && "data" in found) return found.data as T;
  }
  return undefined;
}
