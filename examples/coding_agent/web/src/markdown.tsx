// The part of Markdown that models write, as elements: no HTML is ever made of text, so none can get in.
import type { ReactNode } from "react";

export function Markdown({ text }: { text: string }) {
  return <div className="prose">{blocks(text).map((one, at) => block(one, at))}</div>;
}

/** A line of it, such as a notice that names a command. */
export function Inline({ text }: { text: string }) {
  return <>{inline(text)}</>;
}

type Block =
  | { is: "code"; language: string; text: string }
  | { is: "heading"; level: number; text: string }
  | { is: "list"; ordered: boolean; start: number; items: string[] }
  | { is: "quote"; text: string }
  | { is: "paragraph"; text: string };

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+-]*)/;
const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,6})[.)])\s+(.*)$/;

/** A text in blocks. A fence that is still open holds all the rest: the text may be under way. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; ) {
    const [one, next] = blockAt(lines, at);
    if (one) found.push(one);
    at = next;
  }
  return found;
}

function blockAt(lines: string[], at: number): [Block | null, number] {
  const line = lines[at] ?? "";
  const fence = line.match(FENCE);
  if (fence) return codeAt(lines, at, fence[1] ?? "```", fence[2] ?? "");
  const heading = line.match(HEADING);
  if (heading) return [{ is: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" }, at + 1];
  if (ITEM.test(line)) return listAt(lines, at);
  if (!line.trim()) return [null, at + 1];
  const quoted = line.startsWith(">");
  let end = at + 1;
  while (end < lines.length && goesOn(lines[end] ?? "", quoted)) end++;
  const text = lines.slice(at, end).map((one) => (quoted ? one.replace(/^>\s?/, "") : one)).join("\n");
  return [{ is: quoted ? "quote" : "paragraph", text }, end];
}

function goesOn(line: string, quoted: boolean): boolean {
  if (quoted) return line.startsWith(">");
  return Boolean(line.trim()) && !FENCE.test(line) && !HEADING.test(line) && !ITEM.test(line) && !line.startsWith(">");
}

function codeAt(lines: string[], at: number, fence: string, language: string): [Block, number] {
  let end = at + 1;
  while (end < lines.length && !lines[end]?.trimStart().startsWith(fence)) end++;
  return [{ is: "code", language, text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function listAt(lines: string[], at: number): [Block, number] {
  const number = lines[at]?.match(ITEM)?.[1];
  const items: string[] = [];
  let end = at;
  for (; end < lines.length; end++) {
    const line = lines[end] ?? "";
    const item = line.match(ITEM);
    if (item && (item[1] === undefined) === (number === undefined)) items.push(item[2] ?? "");
    else if (/^\s{2,}\S/.test(line) && items.length) items.push(`${items.pop()}\n${line.trim()}`);
    else break;
  }
  if (end === at) return [{ is: "paragraph", text: lines[at] ?? "" }, at + 1];
  return [{ is: "list", ordered: number !== undefined, start: Number(number ?? 1), items }, end];
}

function block(one: Block, key: number): ReactNode {
  switch (one.is) {
    case "code":
      return <Code key={key} text={one.text} label={one.language || "code"} />;
    case "heading": {
      const Tag = one.level <= 2 ? "h3" : "h4";
      return <Tag key={key}>{inline(one.text)}</Tag>;
    }
    case "list": {
      const items = one.items.map((item, at) => <li key={at}>{inline(item)}</li>);
      return one.ordered ? <ol key={key} start={one.start}>{items}</ol> : <ul key={key}>{items}</ul>;
    }
    case "quote":
      return <blockquote key={key}>{inline(one.text)}</blockquote>;
    case "paragraph":
      return <p key={key}>{inline(one.text)}</p>;
  }
}

/** Code, which can be scrolled with the keyboard. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <pre className="code" tabIndex={0} role="group" aria-label={label}>
      <code>{text}</code>
    </pre>
  );
}

const INLINE = /(`+)(.+?)\1|\*\*(\S(?:.*?\S)?)\*\*|(?<!\w)[*_](\S(?:.*?\S)?)[*_](?!\w)|\[([^\]\n]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>"')]+[^\s<>"').,;:!?])/g;

function inline(text: string): ReactNode[] {
  const found: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) found.push(text.slice(at, match.index));
    found.push(styled(match, match.index));
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push(text.slice(at));
  return found;
}

function styled([whole, , code, strong, emphasis, label, target, url]: RegExpMatchArray, key: number): ReactNode {
  if (code !== undefined) return <code key={key}>{code}</code>;
  if (strong !== undefined) return <strong key={key}>{inline(strong)}</strong>;
  if (emphasis !== undefined) return <em key={key}>{inline(emphasis)}</em>;
  if (url !== undefined) return <Link key={key} to={url}>{url}</Link>;
  if (label !== undefined && target !== undefined) return <Link key={key} to={target}>{label}</Link>;
  return whole;
}

/** A link to a page. Others, such as `javascript:`, are shown as text. */
function Link({ to, children }: { to: string; children: string }) {
  if (!/^https?:\/\//i.test(to)) return <>{children}</>;
  return <a href={to} target="_blank" rel="noopener noreferrer">{children}</a>;
}
