"""What durability adds to the way of a token from the server of the model to the user's client."""

import asyncio
import time
from collections.abc import Iterator

from benchmarks.chatting import ChatServingProcess, ChattingProcess
from benchmarks.model import Figure, Measured, Place, Workload, WrongResultError
from outlast.testing.models import Answer, ModelServer

PAUSE = 0.02
CHATS = 4


class _Times(list[str]):
    """Words that are the times at which they are due to be sent; each is made when it is its turn."""

    def __iter__(self) -> Iterator[str]:
        for _ in range(len(self)):
            yield f"{time.time() + PAUSE:.6f} "


class _Ticking(Answer, frozen=True):
    """So many times as a text, evenly."""

    tokens: int = 0

    @property
    def words(self) -> list[str]:
        return _Times([""] * self.tokens)


async def _measure(place: Place) -> Measured:
    tokens, rounds = place.pick(200, 20), place.pick(3, 1)
    lags: dict[str, list[float]] = {"/plain": [], "/api/chat": []}
    async with ModelServer(lambda _: _Ticking(tokens=tokens, pause=PAUSE)) as model:
        with ChatServingProcess(place, model.openai_url) as server:
            url = await asyncio.to_thread(server.url)
            for path in lags:
                await _lags(url + path, tokens)  # nobody counts what is loaded for the first time
            for _ in range(rounds):
                for path in lags:
                    lags[path] += await _lags(url + path, tokens)
    plain, durable = (sorted(some) for some in lags.values())
    middle, most = len(plain) // 2, int(len(plain) * 0.99)
    return {
        "p50_ms": (durable[middle] - plain[middle]) * 1e3,
        "p99_ms": (durable[most] - plain[most]) * 1e3,
        "durable_p50_ms": durable[middle] * 1e3,
        "durable_p99_ms": durable[most] * 1e3,
        "plain_p50_ms": plain[middle] * 1e3,
        "plain_p99_ms": plain[most] * 1e3,
    }


async def _lags(url: str, tokens: int) -> list[float]:
    """Seconds from when each token was due at the server of the model until a user had it."""
    with ChattingProcess(url, CHATS, tokens) as users:
        told = await asyncio.to_thread(users.told)
    if {len(one.lags) for one in told} != {tokens}:
        raise WrongResultError("so many tokens came", [len(one.lags) for one in told])
    return [lag for one in told for lag in one.lags]


AGENT_LATENCY = Workload(
    name="agent-latency",
    title=f"{CHATS} chats at once, 50 tokens a second each, from a server of models to clients over HTTP",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        Figure(key="p50_ms", what="median, above the plain agent's", unit="ms", target=10),
        Figure(key="p99_ms", what="99 of 100, above the plain agent's", unit="ms", target=50),
        Figure(key="durable_p50_ms", what="token sent to token read, median", unit="ms"),
        Figure(key="durable_p99_ms", what="the same, 99 of 100", unit="ms"),
        Figure(key="plain_p50_ms", what="the plain agent, median", unit="ms"),
        Figure(key="plain_p99_ms", what="the plain agent, 99 of 100", unit="ms"),
    ),
)
