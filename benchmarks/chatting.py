"""Chats between two processes: the server, and the users, which are bare sockets, so that they cost little.

Run as `python -m benchmarks.chatting URL CHATS TOKENS` it is the users. Each asks for so many tokens; they begin one after the other within a second. When all
answers are over it tells, as one line of JSON, what came of them. Each token of an answer is the time at which it was made.
"""

import asyncio
import sys
import time
from urllib.parse import urlsplit

import msgspec

from benchmarks.model import Place
from benchmarks.talking import TalkingProcess

WITHIN = 1.0
"""Seconds in which all chats begin."""


class Told(msgspec.Struct):
    """What one user has got."""

    lags: list[float]
    """Seconds from the making of each token until it was there."""
    longest: float = 0.0
    """The longest time between two tokens."""
    complete: bool = False
    """Whether the answer came to its end."""


class ChatServingProcess(TalkingProcess):
    """The server, as its parent sees it: `benchmarks.chat_serving`. Serves within `with`."""

    def __init__(self, place: Place, kind: str) -> None:
        super().__init__("benchmarks.chat_serving", place.url, kind)

    def url(self) -> str:
        """Where it is."""
        self.say("url")
        return self.hear().strip()

    def cpu_s(self) -> float:
        """How many seconds of processor time all its threads have used so far."""
        self.say("cpu")
        return msgspec.json.decode(self.hear(), type=float)


class ChattingProcess(TalkingProcess):
    """The users, as their parent sees them."""

    def __init__(self, url: str, chats: int, tokens: int) -> None:
        super().__init__("benchmarks.chatting", url, str(chats), str(tokens))

    def told(self) -> list[Told]:
        """Wait until all answers are over."""
        return msgspec.json.decode(self.hear(), type=list[Told])


async def _chat(url: str, number: int, wait: float, tokens: int) -> Told:
    await asyncio.sleep(wait)
    parts, told, last = urlsplit(url), Told([]), 0.0
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(_request(parts.path, parts.netloc, number, tokens))
    async for line in reader:
        if line.startswith(b"data: {") and (made := _token(line)) is not None:
            now = time.time()
            told.lags.append(now - made)
            told.longest = max(told.longest, now - last if last else 0.0)
            last = now
        elif line.startswith(b"data: [DONE]"):
            told.complete = True
            break
    writer.close()
    return told


def _token(line: bytes) -> float | None:
    chunk = msgspec.json.decode(line[6:])
    return float(chunk["delta"]) if chunk["type"] == "text-delta" else None


def _request(path: str, host: str, number: int, tokens: int) -> bytes:
    part = {"type": "text", "text": str(tokens)}
    said = {"id": f"m{number}", "role": "user", "parts": [part]}
    body = msgspec.json.encode(
        {"id": f"chat{number}-{time.time_ns()}", "trigger": "submit-message", "messages": [said]}
    )
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return b"%sContent-Length: %d\r\n\r\n%s" % (head.encode(), len(body), body)


async def _main(url: str, chats: int, tokens: int) -> None:
    waits = [n * WITHIN / chats for n in range(chats)]
    told = await asyncio.gather(*[_chat(url, n, wait, tokens) for n, wait in enumerate(waits)])
    print(msgspec.json.encode(told).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
