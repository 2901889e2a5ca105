"""Sizes: a compass for the eye. What is over a limit is named in allowed.py, with the reason."""

import ast
from itertools import repeat
from pathlib import Path

import pytest

from tests.house import allowed
from tests.house.checkout import (
    ROOT,
    FunctionNode,
    blocks,
    classes,
    expect_allowed,
    expect_none,
    files,
    functions,
    lines_of,
    modules,
)

FILE_LINES = {".py": 500, ".sql": 800}
CLASS_LINES = 300
CLASS_METHODS = 20
FUNCTION_LINES = 60
LONG_FUNCTION_LINES = 45
LONG_FUNCTION_SHARE = 0.01
PARAMETERS = 7
NESTING = 3
PACKAGE_DEPTH = 2


def test_the_package_is_there_to_be_measured() -> None:
    assert {"outlast.errors", "outlast.world", "outlast._model.events"} <= {
        module.name for module in modules()
    }


def test_files_are_short() -> None:
    lengths = {_shown(path): (len(path.read_text().splitlines()), path.suffix) for path in _code()}
    found = {
        name: f"{length} lines, over {FILE_LINES[suffix]}"
        for name, (length, suffix) in lengths.items()
        if length > FILE_LINES[suffix]
    }
    expect_allowed(found, allowed.LONG_FILES)


def test_classes_are_short() -> None:
    found = {
        name: f"{lines_of(node)} lines, over {CLASS_LINES}"
        for module in modules()
        for name, node in classes(module)
        if lines_of(node) > CLASS_LINES
    }
    expect_allowed(found, allowed.LONG_CLASSES)


def test_classes_have_few_methods() -> None:
    counts = {name: _methods(node) for module in modules() for name, node in classes(module)}
    found = {
        name: f"{count} methods, over {CLASS_METHODS}"
        for name, count in counts.items()
        if count > CLASS_METHODS
    }
    expect_allowed(found, allowed.WIDE_CLASSES)


def test_functions_are_short() -> None:
    lengths = _function_lengths()
    found = {
        name: f"{length} lines, over {FUNCTION_LINES}"
        for name, length in lengths.items()
        if length > FUNCTION_LINES
    }
    expect_allowed(found, allowed.LONG_FUNCTIONS)


def test_few_functions_come_near_the_limit() -> None:
    lengths = _function_lengths()
    long = [f"{name}: {n} lines" for name, n in lengths.items() if n > LONG_FUNCTION_LINES]
    assert len(long) <= max(1, LONG_FUNCTION_SHARE * len(lengths)), long


def test_functions_have_few_parameters() -> None:
    counts = {name: _parameters(node) for module in modules() for name, node in functions(module)}
    found = {
        name: f"{count} parameters, over {PARAMETERS}"
        for name, count in counts.items()
        if count > PARAMETERS
    }
    expect_allowed(found, allowed.MANY_PARAMETERS)


def test_functions_nest_little() -> None:
    depths = {name: _nesting(node) for module in modules() for name, node in functions(module)}
    found = {
        name: f"nests {depth} deep, over {NESTING}"
        for name, depth in depths.items()
        if depth > NESTING
    }
    expect_allowed(found, allowed.DEEP_NESTING)


def test_folders_are_flat() -> None:
    found = {
        package: f"is a folder more than {PACKAGE_DEPTH} below the package"
        for module in modules()
        if (package := module.name.rpartition(".")[0]).count(".") > PACKAGE_DEPTH
    }
    expect_allowed(found, allowed.DEEP_FOLDERS)


@pytest.mark.parametrize("name", sorted(allowed.LISTS))
def test_each_exception_says_why(name: str) -> None:
    bare = [key for key, reason in allowed.LISTS[name].items() if len(reason.split()) < 4]
    expect_none(bare)


def _code() -> list[Path]:
    return files(*FILE_LINES)


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _function_lengths() -> dict[str, int]:
    return {name: lines_of(node) for module in modules() for name, node in functions(module)}


def _methods(node: ast.ClassDef) -> int:
    """How many methods a class has. Overloads of one method, and a property's accessors, are one."""
    return len({m.name for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)})


def _parameters(node: FunctionNode) -> int:
    """How many parameters a caller sees. An error's data fields, passed to `__init__`, count too."""
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def _nesting(node: ast.AST) -> int:
    """The depth of control flow in a function; `elif` and `with` add none, nested functions end it."""
    return max((_depth(child) for child in blocks(node)), default=0)


def _depth(node: ast.AST) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 0
    counts = isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Match | ast.Try)
    return counts + max(map(_depth_below, blocks(node), repeat(node)), default=0)


def _depth_below(node: ast.AST, parent: ast.AST) -> int:
    is_elif = isinstance(parent, ast.If) and isinstance(node, ast.If) and parent.orelse == [node]
    return _depth(node) - is_elif
