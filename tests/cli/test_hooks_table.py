"""The table of hooks: what is needed to resume one is never cut."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from outlast.cli.common import DEFAULTS
from outlast.cli.output import Output
from outlast.cli.render_hooks import HooksTable
from outlast.records import HookInfo

NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)
URL: Final = "https://shop.example/.well-known/workflow/v1/webhook/" + "x" * 90
RUN: Final = "run_019aae55f2d07c3fb6c1a1b2"
Shown = Callable[[Sequence[HookInfo]], list[str]]


class Terminal(io.StringIO):
    """Where rich takes itself to write to a terminal."""

    def isatty(self) -> bool:
        return True


def a_hook(**given: Any) -> HookInfo:
    wants: Any = {"schema": {"title": "Decision"}, "metadata": {"asked": "who pays? " * 20}}
    return HookInfo(
        **{"token": "order:7", "run_id": RUN, "id": "approve/hook#1", "kind": "hook"}
        | {"created_at": NOW, "expires_at": NOW + timedelta(days=3)}
        | wants
        | given
    )


@pytest.fixture(params=["terminal of 40", "terminal of 80", "terminal of 140", "80 piped", "piped"])
def shown(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """The lines that are printed, in each of these ways."""
    way = str(request.param)
    width = "".join(filter(str.isdecimal, way))
    monkeypatch.delenv("COLUMNS", raising=False)
    if width:
        monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")

    def lines(hooks: Sequence[HookInfo]) -> list[str]:
        printed = io.StringIO() if "piped" in way else Terminal()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", printed)
            Output(DEFAULTS).show_whole(HooksTable(hooks, NOW))
        return printed.getvalue().replace("\x1b[2m", "").replace("\x1b[0m", "").splitlines()

    return lines


def test_tokens_and_ids_are_whole_beside_long_metadata(shown: Shown) -> None:
    hooks = [a_hook(token=f"order:{n}", id=f"approve/hook#{n}") for n in range(3)]
    words = [line.split() for line in shown(hooks)]
    for hook in hooks:
        assert any(hook.token in line for line in words)
        assert any(hook.id in line and RUN in line for line in words)


def test_a_url_is_whole_and_on_a_line_of_its_own(shown: Shown) -> None:
    lines = shown([a_hook(url=URL), a_hook(token="order:8")])
    assert lines[2] == URL
    assert lines[3].split()[:2] == [RUN, "approve/hook#1"]
    assert lines[4] == "order:8"
    assert lines[5].endswith("…")


def test_what_a_hook_wants_gives_way(shown: Shown) -> None:
    (*_, last) = shown([a_hook(id="h", expires_at=None)])
    assert "Decision" in last
    assert last.endswith("…")


def test_short_ones_take_a_line_each_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    printed = io.StringIO()
    short = a_hook(id="h", run_id="r", metadata={})
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", printed)
        Output(DEFAULTS).show_whole(HooksTable([short], NOW + timedelta(hours=2)))
    assert printed.getvalue().splitlines() == [
        "token or url  run  hook  created    expires  wants",
        "order:7       r    h      2h ago  in 2d 22h  Decision",
    ]
