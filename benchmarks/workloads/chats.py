"""Many chats at once, each at the pace of a model: with agents, and with loops written by hand."""

from benchmarks.chatting import ChatServingProcess, ChattingProcess, Told
from benchmarks.model import Figure, Measured, Place, Workload, WrongResultError

TOKENS = 250
STALLED = 2.0
"""Seconds without a token after which an answer has stalled."""


def _measure(place: Place, kind: str, chats: int) -> Measured:
    with ChatServingProcess(place, kind) as server:
        url = server.url() + "/api/chat"
        _told(url, 1, 5)  # nobody counts what is loaded and opened for the first time
        used = server.cpu_s()
        told = _told(url, place.pick(chats, 5), place.pick(TOKENS, 20))
        used = server.cpu_s() - used
    lags = sorted(lag for one in told for lag in one.lags)
    return {
        "p50_ms": lags[len(lags) // 2] * 1e3,
        "p99_ms": lags[int(len(lags) * 0.99)] * 1e3,
        "longest_s": max(one.longest for one in told),
        "stalled": float(sum(one.longest > STALLED for one in told)),
        "cpu_us": used / len(lags) * 1e6,
    }


def _told(url: str, chats: int, tokens: int) -> list[Told]:
    """What the users have got: each all tokens, or it is wrong."""
    with ChattingProcess(url, chats, tokens) as users:
        told = users.told()
    if {(len(one.lags), one.complete) for one in told} != {(tokens, True)}:
        raise WrongResultError("so many tokens came", sorted({len(one.lags) for one in told}))
    return told


def _workload(name: str, kind: str, what: str) -> Workload:
    return Workload(
        name=name,
        title=f"200 chats at once over HTTP, 50 tokens a second each, one process, {what}",
        measure=lambda place: _measure(place, kind, 200),
        figures=(
            Figure(
                key="stalled", what=f"answers without a token for {STALLED:g} s", unit="", target=0
            ),
            Figure(key="p50_ms", what="token made to token read, median", unit="ms"),
            Figure(key="p99_ms", what="the same, 99 of 100", unit="ms"),
            Figure(key="longest_s", what="longest time between two tokens of an answer", unit="s"),
            Figure(key="cpu_us", what="processor time of the server, a token", unit="us"),
        ),
    )


CHATS200 = _workload("chats200", "loops", "loops by hand")
CHATS200_AGENTS = _workload("chats200-agents", "agents", "agents")
