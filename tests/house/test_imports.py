"""Imports: no cycles, lazy ones counted; and no import inside a function without a reason."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from tests.house import allowed
from tests.house.checkout import (
    Module,
    expect_allowed,
    expect_none,
    functions,
    imported_names,
    imports,
    modules,
)

OPTIONAL = frozenset({"asyncpg", "attr", "attrs", "hypothesis", "pytest"})
"""What only an extra brings: it cannot be imported at the top."""


def test_there_is_no_cycle() -> None:
    cycle = _cycle(_graph())
    assert cycle is None, " -> ".join(cycle)


def test_a_cycle_would_be_found() -> None:
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) in (["b", "c", "b"], ["c", "b", "c"])
    assert _cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_the_graph_sees_what_modules_import() -> None:
    graph = _graph()
    assert "outlast._model.runs" in graph["outlast._model.events"]
    assert "outlast._clock" in graph["outlast.world.batch"]


def test_imports_stand_at_the_top() -> None:
    found = {
        module.name: "imports inside a function: " + ", ".join(sorted(set(_lazy(module))))
        for module in modules()
        if any(_lazy(module))
    }
    expect_allowed(found, allowed.LAZY_IMPORTS)


def test_imports_are_absolute() -> None:
    relative = [
        f"{module.shown}:{node.lineno}"
        for module in modules()
        for node in imports(module.tree)
        if getattr(node, "level", 0)
    ]
    expect_none(relative)


def _graph() -> dict[str, set[str]]:
    known = {module.name for module in modules()}
    return {
        module.name: {
            target
            for node in imports(module.tree)
            for name in imported_names(node)
            if (target := _resolved(name, known)) and target != module.name
        }
        for module in modules()
    }


def _resolved(name: str, known: set[str]) -> str | None:
    """The module of the package that is meant by a dotted name which may end in a module's member."""
    if name in known:
        return name
    owner = name.rpartition(".")[0]
    return owner if owner in known else None


def _cycle(graph: dict[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return None


def _lazy(module: Module) -> Iterator[str]:
    for _, function in functions(module):
        for node in imports(function):
            for name in imported_names(node):
                if name.partition(".")[0] not in OPTIONAL:
                    yield name
