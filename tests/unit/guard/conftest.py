"""A turn without an engine, and modules written for one test."""

import importlib
import random
import sys
import textwrap
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest

from outlast._engine import audit

NOON = 1_700_000_000_123_456
"""A time in microseconds: 2023-11-14T22:13:20.123456Z."""

Turn: TypeAlias = Callable[..., AbstractContextManager[None]]
Write: TypeAlias = Callable[..., Any]
"""Gives the module."""


class FixedSources:
    """The sources of a run that stands still."""

    def __init__(self, seed: int, at: int) -> None:
        self.chance = random.Random(seed)
        self.at = at

    def now(self) -> int:
        return self.at


@pytest.fixture(autouse=True)
def installed() -> None:
    audit.install()


@pytest.fixture
def turn() -> Turn:
    """Run what is in the `with` as a turn of a run: `with turn(seed=1, at=NOON)`."""

    @contextmanager
    def turning(seed: int = 1, at: int = NOON) -> Iterator[None]:
        loop = SimpleNamespace(sources=FixedSources(seed, at))
        host = events._get_running_loop()
        events._set_running_loop(loop)  # type: ignore[arg-type]  # all that the guard knows of a loop
        try:
            yield
        finally:
            events._set_running_loop(host)

    return turning


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a module and import it; `name` is made unique unless it is given."""
    monkeypatch.syspath_prepend(tmp_path)
    written: list[str] = []

    def write_module(source: str, name: str | None = None) -> Any:
        name = name or f"flow_{tmp_path.name}_{len(written)}".replace("-", "_")
        file = tmp_path / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
        written.append(name)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield write_module
    for name in written:
        for loaded in [key for key in sys.modules if key == name or name.startswith(f"{key}.")]:
            del sys.modules[loaded]
