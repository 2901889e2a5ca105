"""Streams: what steps write, and what readers get."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pydantic
import pytest

from outlast import App, StepFailedError, WorkerOptions, step, step_info, workflow, writable
from outlast.errors import (
    EncodeError,
    NotAllowedHereError,
    PayloadTooLargeError,
    RunNotFoundError,
    StreamClosedError,
)
from outlast.streams import Writable
from tests.api.conftest import Bench, outcome


@dataclass
class Token:
    text: str
    place: int = 0


class Part(pydantic.BaseModel):
    text: str
    tags: list[str] = []


@step
async def write_all(to: Writable[Any], values: list[Any]) -> None:
    for value in values:
        await to.write(value)


@workflow
async def writes(name: str, values: list[Any]) -> None:
    await write_all(writable(name), values)


async def read(app: App, run_id: str, name: str = "default", start: int = 0) -> list[Any]:
    return [value async for value in app.get_run(run_id).stream(name, start)]


def test_any_value_comes_back_as_itself(on_app: Bench) -> None:
    values: list[Any] = [
        1,
        "é",
        None,
        b"\xff\0",
        b"",
        {"a": (1, 2)},
        Token("x", 2),
        Part(text="y"),
        [],
        2.5,
    ]

    async def play(app: App) -> None:
        run = await app.start(writes("default", values))
        assert [value async for value in run.stream()] == values
        await run.result()
        late = await read(app, run.id)
        assert late == values
        assert list(map(type, late)) == list(map(type, values))
        assert await read(app, run.id, start=-3) == values[-3:]
        assert await read(app, run.id, start=99) == []

    on_app(play)


def test_a_type_is_checked_on_both_sides(on_app: Bench) -> None:
    @step(retries=0)
    async def types(value: Any) -> None:
        await writable("parts", type=Part).write(value)

    @step
    async def lists() -> None:
        await writable("lists", type=list[int]).write(["1", 2])  # type: ignore[list-item]

    @workflow
    async def types_flow() -> str:
        await types({"text": "a", "tags": ["b"]})
        await lists()
        try:
            await types({"text": 1})
        except StepFailedError as error:
            return type(error.__cause__).__name__
        return ""

    async def play(app: App) -> None:
        run = await app.start(types_flow())
        assert await run.result() == "ValidationError"
        assert await read(app, run.id, "parts") == [Part(text="a", tags=["b"])]
        assert await read(app, run.id, "lists") == [[1, 2]]
        assert [one async for one in run.stream("lists", type=tuple[int, ...])] == [(1, 2)]
        with pytest.raises(pydantic.ValidationError):
            assert [one async for one in run.stream("lists", type=int)]

    on_app(play)


def test_a_handle_keeps_its_type_on_its_way_to_a_step(on_app: Bench) -> None:
    @step(retries=0)
    async def through(to: Writable[Any]) -> None:
        await to.write({"text": "a"})

    @workflow
    async def handles() -> bool:
        to = writable("parts", type=Part)
        await through(to)
        return to == writable("parts", type=Part)

    async def play(app: App) -> None:
        run = await app.start(handles())
        assert await run.result()
        assert await read(app, run.id, "parts") == [Part(text="a")]

    on_app(play)


def test_def_steps_write_too(on_app: Bench) -> None:
    @step
    def in_thread(count: int) -> None:
        to = writable("numbers")
        for number in range(count):
            to.write(number)
        to.flush()
        to.close()

    @workflow
    async def threads() -> None:
        await in_thread(20)

    async def play(app: App) -> None:
        run = await app.start(threads())
        assert [one async for one in run.stream("numbers")] == list(range(20))
        await run.result()

    on_app(play)


def test_generators_and_context_managers(on_app: Bench) -> None:
    async def tokens() -> AsyncIterator[str]:
        for text in "abc":
            yield text
            await asyncio.sleep(0)

    @step
    async def generates() -> None:
        async with writable("words", type=str) as to:
            await to.write_from(tokens())

    @step(retries=0)
    async def after_the_end() -> None:
        await writable("words").write("d")

    @workflow
    async def generating() -> str:
        await generates()
        try:
            await after_the_end()
        except StepFailedError as error:
            return type(error.__cause__).__name__
        return ""

    async def play(app: App) -> None:
        run = await app.start(generating())
        assert [one async for one in run.stream("words")] == ["a", "b", "c"]
        assert await run.result() == "StreamClosedError"
        info = await run.stream_info("words")
        assert (info.tail, info.closed, info.bytes) == (2, True, 9)

    on_app(play)


def test_a_retried_step_does_not_stream_twice(on_app: Bench) -> None:
    @step(retries=1, backoff=0)
    async def twice() -> None:
        async with writable() as to:
            await to.write("same")
            await to.write(step_info().attempt)
            await to.flush()
            if step_info().attempt == 1:
                raise ConnectionError

    @step(retries=1, backoff=0)
    async def never() -> None:
        await writable("never").write("lost")
        await writable("never").flush()
        raise ValueError

    @workflow
    async def retried() -> None:
        await twice()
        with suppress(StepFailedError):
            await never()

    async def play(app: App) -> None:
        run = await app.start(retried())
        await run.result()
        assert await read(app, run.id) == ["same", 2]
        assert await read(app, run.id, "never") == []
        assert [(one.name, one.tail) for one in await run.streams()] == [
            ("default", 1),
            ("never", -1),
        ]

    on_app(play)


def test_a_place_may_be_as_far_off_as_one_likes(on_app: Bench) -> None:
    async def scenario(app: App) -> None:
        run = await app.start(writes("default", [1, 2]))
        await run.result()
        assert await read(app, run.id, start=10**30) == []
        assert await read(app, run.id, start=-(10**30)) == [1, 2]
        with pytest.raises(TypeError, match="integer"):
            await read(app, run.id, start=1.5)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="integer"):
            await run.events("1")  # type: ignore[arg-type]
        assert await run.events(10**30) == [] == [one async for one in run.follow(10**30)]
        assert await run.events(-(10**30)) == await run.events()
        with pytest.raises(RunNotFoundError):
            await app.get_run("nobody").events(1)

    on_app(scenario)


def test_it_can_be_read_before_there_is_anything(on_app: Bench) -> None:
    @step
    async def slowly(gate: str) -> None:
        await gates[gate].wait()
        await writable().write("now")

    @workflow
    async def late(gate: str) -> None:
        await slowly(gate)

    gates: dict[str, asyncio.Event] = {}

    async def play(app: App) -> None:
        gates[app.url] = asyncio.Event()
        run = await app.start(late(app.url))
        assert [one async for one in run.stream(follow=False)] == []
        assert (await run.stream_info()).tail == -1
        assert not (await run.stream_info()).closed
        reading = asyncio.create_task(read(app, run.id))
        gates[app.url].set()
        assert await reading == ["now"]

    on_app(play)


def test_writers_wait_for_room(on_app: Bench) -> None:
    """Little may be buffered; a reader that stands still holds nobody up."""

    async def play(app: App) -> None:
        run = await app.start(writes("default", [b"x" * 50] * 300))
        stands_still = run.stream()
        assert await anext(stands_still) == b"x" * 50
        await run.result()
        assert len(await read(app, run.id)) == 300
        assert len([one async for one in stands_still]) == 299

    on_app(play, options=WorkerOptions(stream_buffer_chunks=7, stream_buffer_bytes=120))


def test_what_cannot_be_written(on_memory: Bench) -> None:
    @step(retries=5, backoff=0)
    async def odd(value: str) -> None:
        await writable().write(object() if value == "object" else b"x" * 5_000_000)

    @workflow
    async def odds(value: str) -> None:
        await odd(value)

    async def play(app: App) -> None:
        for value, error in (("object", EncodeError), ("long", PayloadTooLargeError)):
            failed = await outcome(await app.start(odds(value)))
            assert isinstance(failed.__cause__, StepFailedError)
            assert failed.__cause__.attempts == 1
            assert type(failed.__cause__.__cause__) is error
        with pytest.raises(RunNotFoundError):
            await read(app, "nobody")
        with pytest.raises(RunNotFoundError):
            await app.get_run("nobody").streams()

    on_memory(play)


def test_only_steps_write(on_memory: Bench) -> None:
    @workflow
    async def wrong() -> None:
        await writable().write(1)

    async def play(app: App) -> None:
        failed = await outcome(await app.start(wrong()))
        assert type(failed.__cause__) is NotAllowedHereError

    on_memory(play)
    with pytest.raises(NotAllowedHereError):
        writable().write(1)
    for name in ("", "a\nb", "x" * 201):
        with pytest.raises(ValueError, match="printable"):
            writable(name)


def test_an_attempt_that_is_over_writes_no_more(on_memory: Bench) -> None:
    errors: list[Exception] = []

    @step
    async def leaves_a_task() -> None:
        async def linger() -> None:
            await over.wait()
            try:
                await to.write("late")
            except StreamClosedError as error:
                errors.append(error)

        to, over = writable(), asyncio.Event()
        tasks.append((asyncio.create_task(linger()), over))

    @workflow
    async def leaves() -> None:
        await leaves_a_task()

    tasks: list[tuple[asyncio.Task[None], asyncio.Event]] = []

    async def play(app: App) -> None:
        run = await app.start(leaves())
        await run.result()
        task, over = tasks.pop()
        over.set()
        await task
        assert len(errors) == 1
        assert await read(app, run.id) == []

    on_memory(play)
