"""Measuring turns of agents. Loaded only where it is done: the agents' framework is large, and an extra."""

import asyncio
import statistics
from time import perf_counter, process_time

from pydantic_ai.messages import ModelMessage

from benchmarks.agents import (
    ANSWER,
    agent_last_turn,
    agent_session,
    agent_turn,
    chat_turns,
    plain,
    plainly_talking,
)
from benchmarks.model import Measured, Place, WrongResultError
from outlast import App, Call, Run, RunStatus, start


async def measure_turn(place: Place) -> Measured:
    """What a turn costs, each beside one of the plain agent."""
    turns = place.pick(100, 5)
    async with App(place.url):
        await _plain_turn()
        await _durable_turn()
        pairs: list[tuple[float, float, float]] = []
        for _ in range(turns):
            began, used = perf_counter(), process_time()
            await _plain_turn()
            middle, plain_used = perf_counter(), process_time()
            await _durable_turn()
            cpu = process_time() - plain_used - (plain_used - used)
            pairs.append((middle - began, perf_counter() - middle, cpu))
    plain_s, durable_s, cpu_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {
        "overhead_ms": (durable_s - plain_s) * 1e3,
        "durable_ms": durable_s * 1e3,
        "plain_ms": plain_s * 1e3,
        "cpu_ms": cpu_s * 1e3,
    }


async def _plain_turn() -> None:
    _check_answer((await plain.run("Look them up")).output)


async def _durable_turn() -> None:
    _check_answer(await (await start(agent_turn("Look them up"))).result())


def _check_answer(answer: str) -> None:
    if answer != ANSWER:
        raise WrongResultError(answer)


async def measure_log(place: Place) -> Measured:
    """What the first and the last turn of a session in a chat leave behind."""
    turns = place.pick(40, 4)
    async with App(place.url) as app:
        run = await start(chat_turns(turns))
        await run.result()
        sizes = [len(event.data) for event in await app.runtime.world.log.read(run.id)]
        streams = {info.name: info.bytes for info in await run.streams()}
    events = len(sizes) // turns  # of a turn: its steps, and two for the message
    first, last = sum(sizes[1 : 1 + events]), sum(sizes[-1 - events : -1])
    return {
        "first_bytes": float(first),
        "last_bytes": float(last),
        "by_first": last / first,
        "stream_bytes": float(streams[f"message:r{turns - 1}"]),
        "said_bytes": float(len(ANSWER)),
    }


async def measure_session(place: Place) -> Measured:
    """What it costs that a session comes back to life: whole, half as long, and where each turn is a run of its own."""
    turns = place.pick(500, 10)
    whole, cpu = await _resumed(place, agent_session(turns), 2 * turns)
    _, half = await _resumed(place, agent_session(turns // 2), 2 * (turns // 2))
    history: list[ModelMessage] = []
    began = perf_counter()
    for n in range(turns):
        history = (await plainly_talking.run(f"Turn {n}", message_history=history)).all_messages()
    plain = perf_counter() - began
    one, _ = await _resumed(place, agent_last_turn(history), 2 * turns + 2)
    return {
        "resume_s": whole,
        "cpu_s": cpu,
        "turn_ms": whole / turns * 1e3,
        "by_half": cpu / half,
        "plain_s": plain,
        "one_s": one,
    }


async def _resumed(place: Place, session: Call[int], messages: int) -> tuple[float, float]:
    """Seconds from waking a session to its result, with all that a worker does in between; and of processor time."""
    async with App(place.url):
        run: Run[int] = await start(session)
        while await run.status() is not RunStatus.SUSPENDED:
            await asyncio.sleep(0.1)
    async with App(place.url) as app:
        run = app.get_run(run.id)
        began, used = perf_counter(), process_time()
        await run.wake()
        found = await run.result()
        seconds, cpu = perf_counter() - began, process_time() - used
    if found != messages:
        raise WrongResultError("so many messages came", found)
    return seconds, cpu
