"""The files of cases/ are only type-checked: both checkers must say what the comments say, no more."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.typing import checkers
from tests.typing.checkers import CASES, Finding, Report

FILES = sorted(CASES.glob("*.py"))
WRONG = "x: int = ''  # error\nreveal_type(x)  # revealed: str\nx = []\n"


@pytest.mark.parametrize("checker", [checkers.mypy, checkers.pyright], ids=["mypy", "pyright"])
def test_types_are_as_the_comments_say(
    checker: Callable[[Iterable[Path]], Report], tmp_path: Path
) -> None:
    """All is asked at once: most of the time of a checker goes into what the cases import."""
    wrong = tmp_path / "wrong_case.py"
    wrong.write_text(WRONG)
    report = checker([*FILES, wrong])
    wanted = {finding for path in FILES for finding in checkers.expected(path, checker.__name__)}
    found = report.of(*FILES)
    missing = [f"missing {finding}" for finding in sorted(wanted - found)]
    surplus = [f"surplus {finding}" for finding in sorted(found - wanted)]
    assert not missing + surplus, "\n".join(["", *missing, *surplus, "", *report.errors])
    assert {"errors.py", "world.py"} <= {finding.file for finding in wanted}
    wrong_ones_are_found(checker.__name__, report, wrong)


def wrong_ones_are_found(checker: str, report: Report, wrong: Path) -> None:
    wanted = set(checkers.expected(wrong, checker))
    found = report.of(wrong)
    assert wanted - found == {Finding("wrong_case.py", 2, "revealed", "str")}
    assert {(f.line, f.kind, f.text) for f in found - wanted} == {
        (2, "revealed", "int"),
        (3, "error", ""),
    }


def test_comments_can_be_for_one_checker(tmp_path: Path) -> None:
    case = tmp_path / "case.py"
    case.write_text("f()  # revealed(mypy): a.B[c.D]  # error(pyright)\ng()  # error: why\n")
    assert list(checkers.expected(case, "mypy")) == [
        Finding("case.py", 1, "revealed", "B[D]"),
        Finding("case.py", 2, "error", ""),
    ]
    assert list(checkers.expected(case, "pyright")) == [
        Finding("case.py", 1, "error", ""),
        Finding("case.py", 2, "error", ""),
    ]


@pytest.mark.slow
def test_the_types_of_all_public_names_are_known(tmp_path: Path) -> None:
    """As pyright sees the installed package: nothing public is unknown, not even in part.

    Its short form is pyright itself, strict, in `make types`: that lets nothing unknown into the package.
    """
    symbols = checkers.public_symbols("outlast", tmp_path)
    unknown = [
        f"{symbol['name']}: {said['message']}"
        for symbol in symbols
        if not symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
        for said in symbol["diagnostics"]
    ]
    assert not unknown, "\n".join(["", *unknown])
    assert {"outlast.errors.EncodeError", "outlast.world.World"} <= {s["name"] for s in symbols}
