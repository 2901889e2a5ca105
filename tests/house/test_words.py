"""Words: names come from the glossary, and what is left open is an issue, not a remark."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house import allowed
from tests.house.checkout import ROOT, SRC, Module, expect_none, files, modules

NOT_OURS = {
    "job": "run",
    "activity": "step",
    "activities": "steps",
    "topic": "stream",
    "blob": "payload",
    "serializer": "codec",
    "serialize": "encode",
    "deserialize": "decode",
    "backend": "world",
    "driver": "world",
    "manager": "the noun of what it manages",
    "handler2": "another name",
    "util": "the noun of what it does",
    "utils": "the noun of what they do",
    "misc": "the noun of what it is",
}
"""Words that no name of ours has, and what to say instead (design.md, section 1).

Words that the standard library uses in another sense (task, timer, callback, signal, lock, executor)
cannot be refused by a list; readers watch for those.
"""

OPEN_ENDS = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")))
CODE = (".py", ".sql", ".md", ".toml", ".sh")


def test_names_come_from_the_glossary() -> None:
    found = [
        f"{module.shown}:{line} {name}: say {NOT_OURS[word]!r}"
        for module in modules()
        for name, line in _names(module)
        if f"{module.name}:{name}" not in allowed.FOREIGN_NAMES
        for word in _words(name)
        if word in NOT_OURS
    ]
    expect_none(found)


@pytest.mark.parametrize("name", ["run_job", "JobQueue", "_job", "BACKEND_URL", "jobs"])
def test_a_foreign_word_would_be_found(name: str) -> None:
    assert NOT_OURS.keys() & set(_words(name))


@pytest.mark.parametrize("name", ["jobless", "TaskGroup", "contextmanager", "advance_run"])
def test_other_words_are_left_alone(name: str) -> None:
    assert not NOT_OURS.keys() & set(_words(name))


def test_nothing_is_left_open_in_the_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in files(*CODE)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if OPEN_ENDS.search(line)
    ]
    expect_none(found)


def _names(module: Module) -> Iterator[tuple[str, int]]:
    """Every name that the module makes: its own, and those of what it defines, binds or takes."""
    yield from ((part, 1) for part in module.path.relative_to(SRC).with_suffix("").parts)
    for node in ast.walk(module.tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case _:
                pass


def _words(name: str) -> list[str]:
    """The words of a name in lower case, plurals in `s` made singular: `JobQueues` has job, queue."""
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]
    return words + [word.removesuffix("s") for word in words]
