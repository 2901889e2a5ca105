"""What users, models and errors wrote, on a terminal: neither markup nor a command."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.text import Text

from outlast.cli.consoles import Harmless, console, harmless, harmless_text
from tests.cli.conftest import Answer

Cli = Callable[..., Answer]

FLOW = r"""
from outlast import FatalError, set_attributes, step, workflow

HOSTILE = "\x1b]0;title\x07\x9b2J\u202e [/red] [bold]b[/bold] :smile:"

@step(name="cli_hostile_[red]")
def say() -> str:
    return HOSTILE

@step(name="cli_hostile_[/x]")
def fail() -> None:
    raise FatalError(HOSTILE)

@workflow(name="cli_hostile[/]")
async def hostile() -> str:
    await set_attributes({"text": HOSTILE[:20], "long": "x" * 4000})
    await say()
    await fail()
    return ""
"""
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e")


@pytest.fixture
def hostile(cli: Cli, folder: Path) -> Answer:
    (folder / "cli_hostile.py").write_text(FLOW)
    return cli("run", "cli_hostile.py", "--id", "hostile")


def test_no_command_prints_what_a_terminal_obeys_nor_reads_markup(
    cli: Cli, hostile: Answer
) -> None:
    assert hostile.code == 1
    printed = hostile.err
    for command in ("show", "events", "steps"):
        answer = cli(command, "hostile")
        assert answer.code == 0
        assert "cli_hostile_[red]" in answer.out
        assert "cli_hostile_[/x]" in answer.out
        printed += answer.out
    printed += cli("list").out + cli("workflows").out
    assert not [sign for sign in OBEYED if sign in printed]
    assert "]0;title2J [/red] [bold]b[/bold] :smile:" in printed
    assert "cli_hostile[/]" in printed
    assert max(map(len, printed.splitlines())) < 400


def test_what_is_left_out_has_no_width() -> None:
    text = Text("a\x1bb\x9bc\u2066", style="bold")
    text.stylize("red", 2, 3)
    shown = harmless_text(text)
    assert (shown.plain, shown.spans) == ("a\u200bb\u200bc\u200b", text.spans)
    assert shown.cell_len == text.cell_len == 3
    assert harmless_text(Text("ab")).plain == "ab"


def test_lines_tabs_and_every_script_stay() -> None:
    text = "a\tb\n漢字 👩‍👩‍👧 עברית é"
    assert harmless(text) == text
    assert harmless("50%\r100%\x00") == "50%100%"


def test_what_is_drawn_elsewhere_can_be_made_harmless() -> None:
    shown = Segment.get_line_length
    on = console(stderr=True)
    lines = on.render_lines(Harmless(Text("\x1b[31mx")), pad=False)
    assert [(line[0].text, shown(line)) for line in lines] == [("[31mx", 5)]
