"""Starting runs, finding them, and what is refused before a run exists."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outlast import (
    App,
    RunStatus,
    WorkerOptions,
    get_run,
    list_runs,
    run_info,
    set_attributes,
    sleep,
    start,
    step,
    workflow,
)
from outlast.errors import (
    DefinitionError,
    DuplicateNameError,
    EncodeError,
    InvalidArgumentsError,
    NoAppError,
    NotAllowedHereError,
    SideEffectError,
)
from tests.api.conftest import Bench, outcome


@dataclass
class Order:
    id: int
    lines: list[str]


@workflow
async def place(order: Order, *, express: bool = False) -> list[Any]:
    return [type(order).__name__, order.id, express]


@workflow
async def quick(n: int = 0) -> int:
    return n


def test_arguments_are_validated_and_coerced(on_app: Bench) -> None:
    async def scenario(_: App) -> Any:
        call: Any = place
        return await call({"id": "7", "lines": ["tea"]}, express="yes")

    assert on_app(scenario) == ["Order", 7, True]


def test_a_bad_argument_creates_nothing(on_app: Bench) -> None:
    async def scenario(_: App) -> Any:
        call: Any = place
        with pytest.raises(InvalidArgumentsError) as caught:
            await start(call({"id": "x"}, expres=True))
        with pytest.raises(EncodeError, match="lines"):
            await start(place(Order(1, [object()])))  # type: ignore[list-item]
        return caught.value.problems, (await list_runs()).runs

    problems, runs = on_app(scenario)
    assert any(problem.startswith("order.id") or "id" in problem for problem in problems)
    assert any("expres" in problem for problem in problems)
    assert runs == ()


@pytest.mark.parametrize("by", ["run_id", "idempotency_key"])
def test_starting_twice_gives_the_first_run(on_app: Bench, by: str) -> None:
    async def scenario(_: App) -> Any:
        keyword: Any = {by: "order-7"}
        first = await start(quick(1), **keyword)
        second = await start(quick(2), **keyword)
        both = await asyncio.gather(*[start(quick(n), **keyword) for n in range(5)])
        return first, second, set(both), await second.result(), (await list_runs()).runs

    first, second, both, result, runs = on_app(scenario)
    assert first == second
    assert both == {first}
    assert result == 1
    assert len(runs) == 1


def test_what_cannot_be_started(on_memory: Bench) -> None:
    async def scenario(app: App) -> None:
        anything: Any = quick
        with pytest.raises(NotAllowedHereError, match="start"):
            await start(anything)
        with pytest.raises(ValueError, match="not both"):
            await start(quick(), run_id="a", idempotency_key="b")
        for unfit in ("a/b", ".", ".."):
            with pytest.raises(ValueError, match="run id"):
                await start(quick(), run_id=unfit)
        with pytest.raises(ValueError, match="run id: a text of 1"):
            await start(quick(), run_id=7)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="run id"):
            get_run("half a \ud83d")
        with pytest.raises(EncodeError, match="attributes"):
            await start(quick(), attributes={"a": [1]})  # type: ignore[dict-item]
        with pytest.raises(EncodeError, match=r"at \$ it is of the type int, whose name is ''"):
            await start(quick(), attributes={"": 1})
        misspelt: Any = {"idempotencykey": "b"}
        with pytest.raises(
            TypeError, match="no option 'idempotencykey'; it has run_id, idempotency_key"
        ):
            await app.start(quick(), **misspelt)
        assert (await list_runs()).runs == ()
        await start(quick(), run_id="taken")
        with pytest.raises(InvalidArgumentsError, match=r"^start\(\) .* not 'place'"):
            await start(place(Order(1, [])), run_id="taken")

    on_memory(scenario)


def test_without_an_app() -> None:
    with pytest.raises(NoAppError, match="start"):
        asyncio.run(_start_quick())


async def _start_quick() -> None:
    await start(quick())


def test_a_delay_is_kept_and_a_run_of_higher_priority_goes_first(tmp_path: Path) -> None:
    order: list[str] = []
    url = f"sqlite:///{tmp_path}/priorities.db"

    @step
    async def mark(text: str) -> None:
        order.append(text)

    @workflow
    async def marked(text: str) -> None:
        await mark(text)

    async def scenario() -> Any:
        async with App(url, worker=False):
            runs = [
                await start(marked("low"), priority=-1),
                await start(marked("high"), priority=5),
                await start(marked("normal")),
            ]
            late = await start(marked("late"), delay="1 day")
            assert (await runs[0].info()).status is RunStatus.PENDING
        async with App(url, options=WorkerOptions(max_live_runs=1)) as app:
            await asyncio.gather(*[app.get_run(run.id).result("20s") for run in runs])
            return await app.get_run(late.id).info()

    info = asyncio.run(scenario())
    assert order == ["high", "normal", "low"]
    assert info.status is RunStatus.PENDING
    assert info.started_at is None


def test_attributes_are_set_and_searched(on_app: Bench) -> None:
    @step
    async def tag() -> None:
        await set_attributes({"stage": "packed", "count": 2})

    @step
    def tag_in_thread() -> None:
        set_attributes({"thread": True})

    @workflow
    async def tagged() -> Any:
        await set_attributes({"stage": "new"})
        await tag()
        await tag_in_thread()
        return run_info().attributes

    async def scenario(_: App) -> Any:
        run = await start(tagged(), attributes={"tenant": "acme"})
        await quick(1)
        result = await run.result()
        found = (await list_runs(attributes={"tenant": "acme", "stage": "packed"})).runs
        return run, result, (await run.info()).attributes, found

    run, result, attributes, found = on_app(scenario)
    assert attributes == {"tenant": "acme", "stage": "packed", "count": 2, "thread": True}
    assert result == attributes
    assert [one.id for one in found] == [run.id]


def test_listing_filters_and_pages(on_app: Bench) -> None:
    @workflow
    async def dozes() -> None:
        await sleep("1 day")

    async def scenario(_: App) -> Any:
        runs = [await start(quick(n)) for n in range(5)]
        await asyncio.gather(*[run.result() for run in runs])
        await start(dozes())
        names: list[str] = []
        cursor = None
        while True:
            page = await list_runs(workflow="quick", limit=2, cursor=cursor)
            names += [one.id for one in page.runs]
            cursor = page.cursor
            if cursor is None:
                break
        completed = (await list_runs(status="completed")).runs
        future = (await list_runs(created_from=datetime.now(UTC) + timedelta(hours=1))).runs
        return [run.id for run in runs], names, completed, future

    ids, names, completed, future = on_app(scenario)
    assert names == ids[::-1]
    assert len(completed) == 5
    assert future == ()


def test_more_starts_than_room(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        runs = await asyncio.gather(*[start(quick(n)) for n in range(300)])
        return await asyncio.gather(*[run.result() for run in runs])

    assert on_app(scenario, options=WorkerOptions(max_live_runs=10)) == list(range(300))


def test_an_unknown_workflow_waits_for_a_worker_that_knows_it(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        call = quick(1)
        object.__setattr__(call.definition, "name", "from another deployment")
        try:
            run = await start(call)
        finally:
            object.__setattr__(call.definition, "name", "quick")
        await quick(2)
        return await run.info()

    info = on_app(scenario)
    assert info.status is RunStatus.PENDING
    assert info.workflow == "from another deployment"


def test_following_a_run(on_app: Bench) -> None:
    @step
    async def add(n: int) -> int:
        return n + 1

    @workflow
    async def followed() -> int:
        return await add(await add(1))

    async def scenario(_: App) -> Any:
        run = await start(followed())
        seen = [event async for event in get_run(run.id).follow()]
        return seen, await run.events()

    seen, events = on_app(scenario)
    assert seen == events
    assert [event.kind for event in events] == [
        "run_created",
        "step_completed",
        "step_completed",
        "run_completed",
    ]
    assert [event.position for event in events] == [0, 1, 2, 3]


def test_a_result_may_be_waited_for_with_a_limit(on_memory: Bench) -> None:
    @workflow
    async def long() -> str:
        await sleep("50ms")
        return "done"

    async def scenario(_: App) -> Any:
        run = await start(long())
        with pytest.raises(TimeoutError, match="it goes on"):
            await run.result(timeout=0.001)
        return await run.result("10s"), await run.result(timeout=0)

    assert on_memory(scenario) == ("done", "done"), "a run that is over is not waited for"


def test_what_cannot_be_a_workflow() -> None:
    anything: Any = workflow

    def plain() -> None: ...

    async def yields() -> Any:
        yield 1

    async def reads() -> str:
        with open("x") as file:  # noqa: PTH123
            return file.read()

    with pytest.raises(DefinitionError, match="async def"):
        anything(plain)
    with pytest.raises(DefinitionError, match="generator"):
        anything(yields)
    with pytest.raises(SideEffectError, match="open"):
        anything(reads)

    with pytest.raises(DuplicateNameError, match=r"test_starting\.py") as caught:

        @workflow(name="quick")
        async def other() -> None: ...

    assert caught.value.first != caught.value.second


def test_children(on_app: Bench) -> None:
    @workflow
    async def leaf(n: int) -> int:
        if n < 0:
            raise ValueError("negative")
        return n * n

    @workflow
    async def tree() -> Any:
        several = await asyncio.gather(*[leaf(n) for n in range(4)])
        try:
            await leaf(-1)
        except Exception as error:
            failed = [type(error).__name__, str(error.__cause__)]
        detached = await start(leaf(9))
        keyed = await start(leaf(10), idempotency_key="once")
        again = await start(leaf(11), idempotency_key="once")
        return [several, failed, detached.id, keyed == again]

    async def scenario(_: App) -> Any:
        run = await start(tree())
        several, failed, detached, same = await run.result()
        child = get_run(detached)
        info = await child.info()
        return several, failed, await outcome(child), info.parent == run.id, same

    several, failed, detached, linked, same = on_app(scenario)
    assert several == [0, 1, 4, 9]
    assert failed == ["RunFailedError", "negative"]
    assert (detached, linked, same) == (81, True, True)
