"""Turns of agents: what one costs, what it leaves behind, and what a session of many costs when it comes back to life."""

import asyncio
from collections.abc import Callable
from importlib import import_module

from benchmarks.model import Figure, Limit, Measured, Place, Workload


def _later(name: str) -> Callable[[Place], Measured]:
    """A measurement whose code is loaded when it begins."""
    return lambda place: asyncio.run(
        getattr(import_module("benchmarks.agent_measures"), name)(place)
    )


AGENT_TURN = Workload(
    name="agent-turn",
    title="a turn of an agent: 4 requests to a scripted model, 6 calls of tools, two at a time",
    measure=_later("measure_turn"),
    figures=(
        Figure(
            key="overhead_ms",
            what="start to result, above the plain agent's",
            unit="ms",
            target=15,
        ),
        Figure(key="durable_ms", what="start to result", unit="ms"),
        Figure(key="plain_ms", what="the plain agent", unit="ms"),
        Figure(key="cpu_ms", what="processor time above the plain agent's", unit="ms"),
    ),
)

AGENT_LOG = Workload(
    name="agent-log",
    title="what such a turn leaves behind, in a session of 40 turns in a chat",
    measure=_later("measure_log"),
    figures=(
        Figure(key="first_bytes", what="bytes of the log, first turn", unit=""),
        Figure(key="last_bytes", what="bytes of the log, last turn", unit=""),
        Figure(key="by_first", what="last by first", unit="x", target=1.1),
        Figure(key="stream_bytes", what="bytes of the message's stream", unit=""),
        Figure(key="said_bytes", what="bytes of the answer's text", unit=""),
    ),
)

AGENT_SESSION500 = Workload(
    name="agent-session500",
    title="a session of 500 turns of one request comes back to life",
    measure=_later("measure_session"),
    figures=(
        Figure(key="resume_s", what="waking it, to its result, by a worker", unit="s"),
        Figure(key="cpu_s", what="processor time of it", unit="s"),
        Figure(key="turn_ms", what="the same, a turn", unit="ms"),
        Figure(
            key="by_half",
            what="processor time of 500 turns by that of 250",
            unit="x",
            target=2.2,
            limit=Limit("linear", lambda _: 2.0),
        ),
        Figure(key="plain_s", what="500 turns of the plain agent", unit="s"),
        Figure(key="one_s", what="waking the last turn, where each is a run of its own", unit="s"),
    ),
    bound=400,
)
