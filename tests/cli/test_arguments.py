"""Arguments of a workflow as they are written on a command line."""

from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import msgspec
import pytest

from outlast import Workflow, workflow
from outlast.cli.arguments import call_with, signature_text
from outlast.cli.pairs import attribute_pairs
from outlast.cli.problem import Problem


class Point(msgspec.Struct):
    x: int


Code = NewType("Code", str)


class Size(Enum):
    SMALL = "1"


@workflow(name="cli_typed")
async def typed(
    number: int = 0,
    text: str = "",
    maybe: str | None = None,
    many: list[int] | None = None,
    day: date | None = None,
    price: Decimal = Decimal(0),
    wait: timedelta = timedelta(0),
    mode: Literal["a", "1"] = "a",
    path: Path = Path(),
    *,
    dry_run: bool = False,
    code: Code | None = None,
    size: Size | None = None,
    key: UUID | None = None,
    quiet: Annotated[bool, "said in the help"] = True,
) -> None: ...


@workflow(name="cli_loose")
async def loose(*args: Any, **kwargs: Any) -> None: ...


@workflow(name="cli_labels")
async def labels(**values: str) -> None: ...


@workflow(name="cli_switches")
async def switches(**values: bool) -> None: ...


def bound(of: Workflow[..., Any], *tokens: str) -> dict[str, Any]:
    """The arguments by name that are not the defaults."""
    args, kwargs = call_with(of, tokens).arguments
    names = ("number", "text", "maybe", "many", "day", "price", "wait", "mode", "path")
    defaults = (0, "", None, None, None, Decimal(0), timedelta(0), "a", Path())
    given = dict(zip(names, args, strict=False)) | kwargs
    default: dict[str, Any] = dict(zip(names, defaults, strict=True))
    default |= {"dry_run": False, "code": None, "size": None, "key": None, "quiet": True}
    return {name: value for name, value in given.items() if value != default[name]}


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["3"], {"number": 3}),
        (["--number", "-5"], {"number": -5}),
        (["--number=7"], {"number": 7}),
        (["number=8"], {"number": 8}),
        (["1", "00123"], {"number": 1, "text": "00123"}),
        (["--text", '"quoted"'], {"text": '"quoted"'}),
        (["--text", "--dry-run"], {"text": "--dry-run"}),
        (["--text="], {}),
        (["--text", "a=b"], {"text": "a=b"}),
        (["1", "a=b"], {"number": 1, "text": "a=b"}),
        (["--maybe", "null"], {"maybe": "null"}),
        (["--many", "[1, 2]"], {"many": [1, 2]}),
        (["--day", "2026-03-01"], {"day": date(2026, 3, 1)}),
        (["--price", "1.10"], {"price": Decimal("1.10")}),
        (["--wait", "90"], {"wait": timedelta(seconds=90)}),
        (["--mode", "1"], {"mode": "1"}),
        (["--path", "a/b"], {"path": Path("a/b")}),
        (["--dry-run"], {"dry_run": True}),
        (["--no-dry-run"], {}),
        (["--dry-run=true", "2"], {"dry_run": True, "number": 2}),
        (["--dry_run", "2"], {"dry_run": True, "number": 2}),
        (["--code", "007"], {"code": "007"}),
        (["--size", "1"], {"size": Size.SMALL}),
        (["--key", "1" * 32], {"key": UUID("1" * 32)}),
        (["--no-quiet"], {"quiet": False}),
    ],
)
def test_values_are_what_the_signature_wants(tokens: list[str], expected: dict[str, Any]) -> None:
    assert bound(typed, *tokens) == expected


def test_exact_decimals_stay_exact() -> None:
    assert str(bound(typed, "price=1.10")["price"]) == "1.10"


def test_without_annotations_values_are_json_or_text() -> None:
    args, kwargs = call_with(loose, ["1", "x", "[1]", "a=2", "--b", "y"]).arguments
    assert list(args) == [1, "x", [1]]
    assert kwargs == {"a": 2, "b": "y"}


def test_other_keywords_are_what_their_annotation_wants() -> None:
    _, kwargs = call_with(labels, ["a=1", "--b", "007"]).arguments
    assert kwargs == {"a": "1", "b": "007"}
    _, kwargs = call_with(switches, ["--a", "--b=false"]).arguments
    assert kwargs == {"a": True, "b": False}


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["x"], "number: Input should be a valid integer"),
        (["--nope"], "has --nope"),
        (["--text"], "--text needs a value"),
        (["--no-text"], "has --no-text"),
        ([str(n) for n in range(11)], "Unexpected positional argument"),
    ],
)
def test_what_does_not_fit_is_said(tokens: list[str], said: str) -> None:
    with pytest.raises(Problem) as caught:
        call_with(typed, tokens)
    assert said in f"{caught.value.message} {caught.value.details}"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("token", "column", "excerpt"),
    [
        ("[1, 2 3]", 7, "  [1, 2 3]\n        ^"),
        ("{'a': 1}", 2, "  {'a': 1}\n   ^"),
        (" {a: 1}", 3, "   {a: 1}\n    ^"),
        ("[" + "1, " * 30 + "x]", 92, "1, x]\n"),
        ("[1,\n oops]", 2, "   oops]\n   ^"),
    ],
)
def test_broken_json_is_shown_where_it_breaks(token: str, column: int, excerpt: str) -> None:
    with pytest.raises(Problem) as caught:
        call_with(typed, ["--many", token])
    assert caught.value.message.startswith("the argument 'many' is no JSON: ")
    assert f"column {column})" in caught.value.message
    assert excerpt in "\n".join(f"  {line}" for line in str(caught.value.details).split("\n"))
    assert """'{"id": 7, "tags": ["new"]}'""" in str(caught.value.hint)


def test_a_text_that_looks_like_json_may_be_one() -> None:
    assert bound(typed, "--text", "{not json", "--path", "[x") == {
        "text": "{not json",
        "path": Path("[x"),
    }
    args, _ = call_with(loose, ["{not json"]).arguments
    assert list(args) == ["{not json"]


def test_a_signature_is_shown_as_it_is_written() -> None:
    assert signature_text(loose) == "cli_loose(*args: Any, **kwargs: Any)"


def test_attributes_are_texts_unless_they_are_json_scalars() -> None:
    texts = ["a=x", "b=2", "c=true", 'd="2"', "e=", "f=null", "g=[1]", "h=x=y"]
    assert attribute_pairs(texts) == {
        "a": "x",
        "b": 2,
        "c": True,
        "d": "2",
        "e": "",
        "f": None,
        "g": "[1]",
        "h": "x=y",
    }
