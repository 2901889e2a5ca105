"""Habits that no linter holds: where errors are caught broadly, and where SQL lives."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.checkout import SRC, all_blocks, expect_none, modules

BROAD = frozenset({"Exception", "BaseException"})
SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|WITH\s+\w+\s+AS"
    r"|(CREATE|ALTER|DROP)\s+(TEMP\s+|UNIQUE\s+)?(TABLE|INDEX|VIEW|TRIGGER))\s",
    re.IGNORECASE | re.DOTALL,
)

NAMED = re.compile(r"^-- name: (\S+)\n(.*)$", re.MULTILINE)


def test_who_catches_everything_says_why() -> None:
    """A broad `except` that does not raise again has its reason on its line."""
    found = [
        f"{module.shown}:{line} catches everything, and does not say why on that line"
        for module in modules()
        for line in _swallowing(module.tree)
        if not _says_why(module.source.splitlines()[line - 1])
    ]
    expect_none(found)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("except Exception:  # noqa: BLE001 - the user's code may raise anything", True),
        ("except BaseException:  # whatever it is, whoever waits gets it", True),
        ("except Exception:  # noqa: BLE001", False),
        ("except Exception:  # noqa: BLE001 - boundary", False),
        ("except Exception:", False),
    ],
)
def test_what_counts_as_a_reason(line: str, expected: bool) -> None:
    assert _says_why(line) == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("except Exception: pass", True),
        ("except BaseException as e: note(e)", True),
        ("except: pass", True),
        ("except (ValueError, Exception): pass", True),
        ("except* Exception: pass", True),
        ("except ValueError: pass", False),
        ("except BaseException:\n        undo()\n        raise", False),
        ("except Exception as e:\n        raise OSError from e", False),
    ],
)
def test_what_counts_as_swallowing(clause: str, expected: bool) -> None:
    tree = ast.parse(f"def f():\n    try: g()\n    {clause}")
    assert any(_swallowing(tree)) == expected


def test_sql_lives_in_sql_files() -> None:
    found = [
        f"{module.shown}:{node.lineno} {node.value.strip()[:60]}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    expect_none(found)


def test_queries_in_sql_files_say_what_they_do() -> None:
    """After `-- name: ...` comes a comment in words; statements that read or write nothing need none."""
    found = [
        f"{path.name}: {name} says nothing"
        for path in sorted(SRC.rglob("*.sql"))
        for name, body in NAMED.findall(path.read_text(encoding="utf-8"))
        if re.match(r"SELECT|INSERT|UPDATE|DELETE|WITH", body)
    ]
    expect_none(found)


def _swallowing(tree: ast.AST) -> Iterator[int]:
    """The lines of broad `except` clauses that do not end by raising."""
    for node in all_blocks(tree):
        if not isinstance(node, ast.ExceptHandler) or not _is_broad(node.type):
            continue
        if not isinstance(node.body[-1], ast.Raise):
            yield node.lineno


def _says_why(line: str) -> bool:
    comment = line.partition("#")[2]
    return len(re.sub(r"noqa: BLE001( -)?", "", comment).split()) >= 4


def _is_broad(caught: ast.expr | None) -> bool:
    match caught:
        case None:
            return True
        case ast.Name(id=name):
            return name in BROAD
        case ast.Tuple(elts=elements):
            return any(_is_broad(element) for element in elements)
        case _:
            return False
