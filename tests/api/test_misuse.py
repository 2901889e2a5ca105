"""What users without a type checker pass by mistake is refused before it is stored."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Discriminator

from outlast import App, blocking, list_runs, start, step, workflow
from outlast.errors import (
    DefinitionError,
    EncodeError,
    InvalidArgumentsError,
    NoAppError,
    NotAllowedHereError,
    RunFailedError,
    WorldError,
)
from tests.api.conftest import Bench


@workflow(name="misuse.one")
async def one() -> int:
    return 1


@workflow(name="misuse.other")
async def other() -> int:
    return 2


@workflow(name="misuse.lists")
async def lists() -> None:
    await list_runs()


@workflow(name="misuse.takes")
async def takes(value: Any) -> None:
    pass


@pytest.mark.parametrize(
    "options",
    [
        {"priority": 1.5},
        {"priority": "x"},
        {"priority": 10**30},
        {"priority": True},
        {"queue": 3},
        {"queue": ""},
        {"queue": "a\0b"},
        {"run_id": 5},
        {"run_id": ""},
        {"version": 1},
        {"idempotency_key": ""},
    ],
)
def test_options_that_no_worker_could_read(on_app: Bench, options: Any) -> None:
    async def scenario(_: App) -> Any:
        with pytest.raises(ValueError, match="cannot be"):
            await start(one(), **options)
        return (await list_runs()).runs

    assert on_app(scenario) == ()


def test_attributes_that_are_no_mapping(on_memory: Bench) -> None:
    async def scenario(_: App) -> None:
        wrong: Any = [1]
        with pytest.raises(EncodeError, match="mapping"):
            await start(one(), attributes=wrong)

    on_memory(scenario)


def test_the_id_of_another_workflows_run(on_app: Bench) -> None:
    async def scenario(_: App) -> None:
        await start(one(), run_id="taken")
        with pytest.raises(InvalidArgumentsError, match=r"misuse\.one"):
            await start(other(), run_id="taken")

    on_app(scenario)


@pytest.mark.parametrize("name", [3, "", "a\0b", "n" * 201])
def test_names_that_are_none(name: Any) -> None:
    async def fn() -> None: ...

    for decorator in (step, workflow):
        with pytest.raises(DefinitionError, match="name"):
            decorator(name=name)(fn)


def test_a_file_that_is_deleted_under_a_worker(tmp_path: Path) -> None:
    file = tmp_path / "gone.db"

    async def scenario() -> None:
        async with App(f"sqlite:///{file}") as app:
            file.unlink()
            await asyncio.wait_for(app.failure(), 60)

    with pytest.raises(WorldError, match="deleted or replaced"):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    "filters",
    [
        {"created_from": datetime(2026, 1, 1)},
        {"created_to": "today"},
        {"workflow": 3},
        {"status": [3]},
        {"parent": 3},
        {"limit": 0},
        {"limit": "x"},
    ],
)
def test_filters_that_are_none(on_memory: Bench, filters: Any) -> None:
    async def scenario(_: App) -> None:
        (name,) = filters
        with pytest.raises(ValueError, match=f"^{name} = "):
            await list_runs(**filters)

    on_memory(scenario)


def test_runs_are_not_listed_in_a_workflow(on_memory: Bench) -> None:
    async def scenario(_: App) -> None:
        with pytest.raises(RunFailedError) as caught:
            await lists()
        cause = caught.value.__cause__
        assert isinstance(cause, NotAllowedHereError)
        assert "in a workflow" in str(cause)
        assert "step" in str(cause.hint)

    on_memory(scenario)


def test_a_run_of_an_app_that_is_closed(on_memory: Bench) -> None:
    async def scenario(_: App) -> Any:
        return await start(one())

    run = on_memory(scenario)
    with pytest.raises(NoAppError, match=r"Run\.result\(\)"):
        asyncio.run(run.result())


def test_a_workflow_that_was_not_called(on_memory: Bench) -> None:
    async def scenario(app: App) -> None:
        uncalled: Any = one
        for starting in (start, app.start):
            with pytest.raises(NotAllowedHereError, match=r"start\(one\(\.\.\.\)\)"):
                await starting(uncalled)
        assert (await app.list_runs()).runs == ()

    on_memory(scenario)


def test_a_workflow_that_was_not_called_in_a_thread() -> None:
    uncalled: Any = one
    with (
        blocking.opened(App("memory://", worker=False)),
        pytest.raises(NotAllowedHereError, match=r"start\(one\(\.\.\.\)\)"),
    ):
        blocking.start(uncalled)


@pytest.mark.parametrize("given", [{"options": 3}, {"url": 3}, {"codec": 3}])
def test_an_app_of_something_else(given: Any) -> None:
    (name,) = given
    with pytest.raises(TypeError, match=rf"App\({name}=\.\.\.\)"):
        App(**given)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": "soon"},
        {"timeout": 0},
        {"timeout": -1},
        {"backoff": "soon"},
        {"backoff": ["1s", "soon"]},
        {"backoff": object()},
        {"retry_on": "X"},
        {"retry_on": int},
        {"retry_on": (ValueError, "X")},
        {"retry_on": asyncio.sleep},
        {"backoff": asyncio.sleep},
    ],
)
def test_options_of_a_step_that_are_none(options: Any) -> None:
    async def fn() -> None: ...

    (name,) = options
    with pytest.raises(DefinitionError, match=rf"fn: {name}="):
        step(**options)(fn)


def test_an_annotation_that_means_nothing() -> None:
    @workflow(name="misuse.unknown")
    async def unknown(fine: int, wrong: "Nope") -> None:  # type: ignore[name-defined]  # noqa: F821
        pass

    with pytest.raises(DefinitionError, match=r"misuse\.unknown: .* wrong, 'Nope',"):
        unknown(1, 2)


def test_an_annotation_that_nothing_can_be_validated_by() -> None:
    @workflow(name="misuse.unvalidated")
    async def unvalidated(unique: Annotated[int, Discriminator("kind")]) -> None:
        pass

    with pytest.raises(
        DefinitionError, match=r"misuse\.unvalidated: its arguments .* discriminated"
    ):
        unvalidated(1)


def test_arguments_too_many_are_counted_from_one() -> None:
    given: Any = takes
    with pytest.raises(InvalidArgumentsError, match="argument 2: Unexpected"):
        given(1, 2)


def test_a_long_path_is_shortened_where_it_is_said(on_memory: Bench) -> None:
    deep: Any = object()
    for _ in range(60):
        deep = [deep]

    async def scenario(_: App) -> None:
        with pytest.raises(EncodeError) as caught:
            await start(takes(deep))
        assert caught.value.path.count("[0]") == 61
        assert "[0 ... " in str(caught.value) or "] ... " in str(caught.value)
        assert len(str(caught.value).splitlines()[0]) < 250

    on_memory(scenario)


@step(name="misuse.silent_step", retries=0)
async def silent_step() -> None:
    raise TimeoutError


@workflow(name="misuse.silent")
async def silent(in_step: bool) -> None:
    if in_step:
        await silent_step()
    raise TimeoutError


@pytest.mark.parametrize("in_step", [True, False])
def test_an_error_without_a_message_is_told_by_its_class(in_step: bool) -> None:
    async def main() -> None:
        async with App("memory://"):
            run = await start(silent(in_step))
            with pytest.raises(RunFailedError, match=r"TimeoutError$"):
                await run.result()
            assert [one.error for one in await run.steps()] == ["TimeoutError"] * in_step

    asyncio.run(main())


@pytest.mark.parametrize("what", ["start", "list_runs", "result", "cancel"])
def test_an_app_of_another_event_loop(on_memory: Bench, what: str) -> None:
    async def scenario(app: App) -> None:
        run = await app.start(one(), run_id="there")
        calls: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "start": lambda: app.start(one()),
            "list_runs": app.list_runs,
            "result": run.result,
            "cancel": run.cancel,
        }
        with pytest.raises(NoAppError, match=rf"\.{what}\(\) needs .* this event loop") as caught:
            await asyncio.to_thread(lambda: asyncio.run(calls[what]()))
        assert caught.value.elsewhere
        assert await run.result() == 1

    on_memory(scenario)


def test_an_app_that_is_not_open() -> None:
    app = App("memory://")
    with pytest.raises(NoAppError, match=r"^a method of App needs an open app, "):
        asyncio.run(app.start(one()))


def test_an_app_without_a_worker_is_not_served() -> None:
    async def main() -> None:
        async with App("memory://", worker=False) as app:
            with pytest.raises(NoAppError, match=r"^App\.serve\(\) needs .* with a worker, "):
                await app.serve()

    asyncio.run(main())


def test_a_step_is_not_started(on_memory: Bench) -> None:
    async def scenario(_: App) -> None:
        call: Any = adds(1, third=2)
        with pytest.raises(NotAllowedHereError, match=r"coroutine \(step 'misuse.adds'\)"):
            await start(call)
        assert await call == 3

    on_memory(scenario)


def test_an_app_opened_without_async() -> None:
    app: Any = App("memory://")
    with pytest.raises(TypeError, match=r"async with App\(\).*blocking\.opened"), app:
        pass


@step(name="misuse.adds")
async def adds(first: int, /, second: int = 0, *rest: int, third: int, **others: int) -> int:
    return sum([first, second, *rest, third, *others.values()])


@workflow(name="misuse.calls")
async def calls(args: list[int], named: dict[str, int]) -> int:
    return await adds(*args, **named)


@pytest.mark.parametrize(
    ("args", "named", "problem"),
    [
        ([], {"third": 1}, "missing 1 required positional argument: 'first'"),
        ([1], {}, "missing 1 required keyword-only argument: 'third'"),
        ([1, 2, 3], {"third": 1, "second": 2}, "got multiple values for argument 'second'"),
    ],
)
def test_a_step_called_wrongly_is_not_tried(
    on_memory: Bench, args: list[int], named: dict[str, int], problem: str
) -> None:
    async def scenario(_: App) -> None:
        run = await start(calls(args, named))
        with pytest.raises(RunFailedError) as caught:
            await run.result()
        assert isinstance(caught.value.__cause__, InvalidArgumentsError)
        assert caught.value.__cause__.problems == (problem,)
        assert await run.steps() == []
        assert await calls([1, 2, 3], {"third": 4, "fourth": 5}) == 15

    on_memory(scenario)
