"""A worker in a process of its own, which can be asked for what it used and for what its steps noted.

Run as `python -m benchmarks.serving URL [--http]`; it reads questions, a line each, and answers with one line.
With `--http` it serves the HTTP API, too, as `outlast serve` does.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from time import process_time
from typing import Self

import msgspec

from benchmarks.flows import LAGS, SERVED
from benchmarks.limits import allow_many_files
from benchmarks.model import Place
from benchmarks.talking import TalkingProcess
from outlast import App
from outlast.http import asgi
from outlast.http.serving import Server, address_of, listen


class ServingProcess(TalkingProcess):
    """The process, as its parent sees it. Serves within `with`."""

    def __init__(self, place: Place, *, http: bool = False) -> None:
        super().__init__("benchmarks.serving", place.url, *(["--http"] if http else []))

    def __enter__(self) -> Self:
        super().__enter__()
        self.memory()
        return self

    def url(self) -> str:
        """The URL of its HTTP API."""
        return self._answer("url").strip()

    def memory(self) -> float:
        """How many bytes of memory are resident now."""
        return msgspec.json.decode(self._answer("memory"), type=float)

    def peak(self) -> float:
        """How many bytes of memory were resident at most."""
        return msgspec.json.decode(self._answer("peak"), type=float)

    def cpu_s(self) -> float:
        """How many seconds of processor time all its threads have used so far."""
        return msgspec.json.decode(self._answer("cpu"), type=float)

    def lags(self) -> list[float]:
        """What its attempts of `note_lag` noted."""
        return msgspec.json.decode(self._answer("lags"), type=list[float])

    def served(self) -> list[str]:
        """The steps that it made attempts of `noted` of."""
        return msgspec.json.decode(self._answer("served"), type=list[str])

    def _answer(self, question: str) -> str:
        self.say(question)
        return self.hear()


async def _serve(url: str, *, http: bool) -> None:
    async with App(url) as app, _api(app) if http else nullcontext("") as address:
        while question := await asyncio.to_thread(sys.stdin.readline):
            asked = question.strip()
            answer = address if asked == "url" else msgspec.json.encode(_answer_to(asked)).decode()
            print(answer, flush=True)


@asynccontextmanager
async def _api(app: App) -> AsyncGenerator[str]:
    """Serve the HTTP API; gives its URL."""
    api = asgi(app)
    with listen("127.0.0.1", 0) as listening:
        server = Server(api, grace=1)
        serving = asyncio.ensure_future(server.serve([listening]))
        yield address_of(listening) + api.base
        server.stop()
        await serving


def _answer_to(question: str) -> float | list[float] | list[str]:
    match question:
        case "lags":
            return LAGS
        case "served":
            return SERVED
        case "cpu":
            return process_time()
        case _:
            return _memory(question)


def _memory(which: str) -> float:
    """Bytes of memory that are resident now, or that were at most."""
    name = "VmHWM:" if which == "peak" else "VmRSS:"
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return float(line.split()[1]) * 1024
    raise LookupError(name)


if __name__ == "__main__":
    allow_many_files()
    asyncio.run(_serve(sys.argv[1], http="--http" in sys.argv))
