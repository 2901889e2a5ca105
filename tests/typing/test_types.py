"""The files of cases/ are only type-checked: both checkers must say what the comments say, no more."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typing import checkers
from tests.typing.checkers import CASES, Finding, Report

Checker = Callable[[Path], Report]
BOTH = pytest.mark.parametrize(
    "checker", [checkers.mypy, checkers.pyright], ids=["mypy", "pyright"]
)


@BOTH
def test_types_are_as_the_comments_say(checker: Checker) -> None:
    wanted = {
        finding
        for path in sorted(CASES.glob("*.py"))
        for finding in checkers.expected(path, checker.__name__)
    }
    report = checker(CASES)
    missing = [f"missing {finding}" for finding in sorted(wanted - report.findings)]
    surplus = [f"surplus {finding}" for finding in sorted(report.findings - wanted)]
    assert not missing + surplus, "\n".join(["", *missing, *surplus, "", *report.errors])
    assert {"errors.py", "world.py"} <= {finding.file for finding in wanted}


@BOTH
def test_a_wrong_comment_would_be_found(checker: Checker, tmp_path: Path) -> None:
    case = tmp_path / "case.py"
    case.write_text("x: int = ''  # error\nreveal_type(x)  # revealed: str\nx = []\n")
    wanted = set(checkers.expected(case, checker.__name__))
    found = checker(tmp_path).findings
    assert wanted - found == {Finding("case.py", 2, "revealed", "str")}
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


def test_the_types_of_all_public_names_are_known(tmp_path: Path) -> None:
    """As pyright sees the installed package: nothing public is unknown, not even in part."""
    symbols = checkers.public_symbols("outlast", tmp_path)
    unknown = [
        f"{symbol['name']}: {said['message']}"
        for symbol in symbols
        if not symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
        for said in symbol["diagnostics"]
    ]
    assert not unknown, "\n".join(["", *unknown])
    assert {"outlast.errors.EncodeError", "outlast.world.World"} <= {s["name"] for s in symbols}
