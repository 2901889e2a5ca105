"""`--follow`: lists that are looked at again and again."""

import asyncio
import io
import json
import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from outlast.cli.common import Common
from outlast.cli.following import GONE, Followed, follow_list
from outlast.cli.output import Output
from outlast.errors import WorldUnavailableError
from tests.cli.conftest import Answer
from tests.programs import Program, Start

Cli = Callable[..., Answer]
Pair = tuple[str, int]


class Pictures:
    """What looks give, one after another; an error is raised. Over with the last."""

    def __init__(self, *looks: Sequence[Pair] | WorldUnavailableError) -> None:
        self._looks = list(looks)

    async def look(self) -> Sequence[Pair]:
        found = self._looks.pop(0)
        if isinstance(found, WorldUnavailableError):
            raise found
        return found

    async def over(self) -> bool:
        return len(self._looks) == 1


def follow(output: Output, *looks: Sequence[Pair] | WorldUnavailableError, **more: Any) -> None:
    pictures = Pictures(*looks)
    followed = Followed[Pair](
        look=pictures.look,
        table=_table,
        empty="nothing there",
        key=lambda pair: pair[0],
        tells=lambda pair: pair[1],
        document=lambda pairs: pairs,
        over=pictures.over,
        **more,
    )
    asyncio.run(follow_list(output, followed, every=0))


def _table(pairs: Sequence[Pair], *, titled: bool = True) -> Text:
    lines = [f"{name} is {value}" for name, value in pairs]
    return Text("\n".join(["TITLES", *lines] if titled else lines))


GONE_AWAY = WorldUnavailableError("sqlite:///x.db", "it is locked")


def test_elsewhere_only_what_changed_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    follow(Output(Common()), [], [("b", 1), ("a", 1)], [("b", 1), ("a", 2)], [("c", 1), ("a", 2)])
    assert capsys.readouterr().out.splitlines() == [
        "TITLES",
        "b is 1",
        "a is 1",
        "a is 2",
        "c is 1",
    ]


def test_of_a_list_that_begins_with_the_newest_the_oldest_is_told_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    follow(Output(Common(json=True)), [("b", 1), ("a", 1)], [("a", 2)], newest_first=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == [["a", 1], ["b", 1], ["a", 2]]


def test_while_nobody_answers_it_is_said_once_and_tried_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    follow(Output(Common()), [("a", 1)], GONE_AWAY, GONE_AWAY, [("a", 2)])
    printed = capsys.readouterr()
    assert printed.out.splitlines() == ["TITLES", "a is 1", "a is 2"]
    assert printed.err.count(GONE) == 1


def test_on_a_terminal_the_picture_is_drawn_in_its_place() -> None:
    output = Output(Common())
    output.out = Console(file=io.StringIO(), force_terminal=True, width=60, height=10)
    follow(output, [("a", 1)], GONE_AWAY, [], [("a", 2)])
    drawn = _drawn(output.out)
    for said in ("a is 1", GONE, "nothing there", "a is 2"):
        assert said in drawn
    assert drawn.rindex("a is 2") > drawn.rindex("nothing there") > drawn.rindex(GONE)


def _drawn(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_runs_are_followed_as_they_come_until_ctrl_c(cli: Cli, flows: Path, folder: Path) -> None:
    first = cli("start", f"{flows}:nap").out.strip()
    start = Start(("-m", "outlast", "list", "--follow", "--json"), folder)
    with Program(start) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["id"] == first
        second = cli("start", f"{flows}:nap").out.strip()
        assert json.loads(process.stdout.readline())["id"] == second
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130


def test_a_run_is_shown_until_it_is_over(cli: Cli, flows: Path, folder: Path) -> None:
    run_id = cli("start", f"{flows}:nap", "0.2s").out.strip()
    with Program(Start(("-m", "outlast", "show", "--follow", "--json"), folder)) as process:
        assert cli("run", f"{flows}:nap", "--id", run_id).code == 0
        out, _ = process.communicate()
    document = json.loads(out)
    assert (document["run"]["id"], document["ending"]["state"]) == (run_id, "completed")
    shown = cli("show", run_id, "--follow")
    assert "run_completed" in shown.err
    assert without_age(shown.out) == without_age(cli("show", run_id).out)


def without_age(text: str) -> str:
    """What is shown, however long ago it was."""
    return re.sub(r"\d+\w+ ago", "ago", text)
