"""What users without a type checker pass by mistake is refused before it is stored."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from outlast import App, list_runs, start, step, workflow
from outlast.errors import DefinitionError, EncodeError, InvalidArgumentsError, WorldError
from tests.api.conftest import Bench


@workflow(name="misuse.one")
async def one() -> int:
    return 1


@workflow(name="misuse.other")
async def other() -> int:
    return 2


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


@pytest.mark.parametrize("name", [3, "", "a\0b"])
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
            await asyncio.wait_for(app.failure(), 10)

    with pytest.raises(WorldError, match="deleted or replaced"):
        asyncio.run(scenario())
