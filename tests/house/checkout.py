"""What the house tests look at: the files of this checkout, and the package's modules as syntax."""

import ast
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Module:
    """A module of the package. There is one of each: see `modules`."""

    name: str
    path: Path
    source: str
    tree: ast.Module

    @property
    def shown(self) -> str:
        """Its path from the root of the checkout."""
        return self.path.relative_to(ROOT).as_posix()


@cache
def modules() -> tuple[Module, ...]:
    """All modules of the package, sorted by name."""
    return tuple(_module(path) for path in sorted(SRC.rglob("*.py")))


def files(*suffixes: str) -> list[Path]:
    """The files of the checkout with one of these suffixes (all, if none is given), sorted.

    Those that git knows or would take; so what it ignores is left out.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    ).stdout
    paths = {ROOT / name for name in listed.split("\0") if name}
    return sorted(p for p in paths if p.is_file() and (not suffixes or p.suffix in suffixes))


def functions(module: Module) -> Iterator[tuple[str, FunctionNode]]:
    """All functions of a module, nested ones too, by `module:qualified.name`."""
    for name, node in definitions(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield name, node


def classes(module: Module) -> Iterator[tuple[str, ast.ClassDef]]:
    """All classes of a module, nested ones too, by `module:qualified.name`."""
    for name, node in definitions(module):
        if isinstance(node, ast.ClassDef):
            yield name, node


@cache
def definitions(module: Module) -> tuple[tuple[str, FunctionNode | ast.ClassDef], ...]:
    """All functions and classes of a module by `module:qualified.name`, in the order of the file."""
    return tuple(_below(module.tree, f"{module.name}:"))


def blocks(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a node and is, or holds, statements. There are none in expressions, of which most of a
    tree is."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child


def all_blocks(node: ast.AST) -> Iterator[ast.AST]:
    """The same at any depth."""
    for child in blocks(node):
        yield child
        yield from all_blocks(child)


def lines_of(node: FunctionNode | ast.ClassDef) -> int:
    """How long a definition is, without decorators and its docstring: contracts may be long."""
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1 - _docstring_lines(node)


def expect_none(found: Iterable[str], say: str = "") -> None:
    """Fail with one line for each thing that should not be."""
    lines = sorted(found)
    assert not lines, "\n".join(["", *lines, say])


def expect_allowed(found: Mapping[str, str], allowed: Mapping[str, str]) -> None:
    """Fail for what is found and not allowed, and for what is allowed and no longer found."""
    new = [f"{key}: {what}" for key, what in found.items() if key not in allowed]
    stale = [f"{key}: need not be in allowed.py any more" for key in allowed if key not in found]
    expect_none(new + stale, "Change the code, or say in tests/house/allowed.py why it must be so.")


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import below a node, wherever it stands."""
    for node in all_blocks(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def imported_names(node: ast.Import | ast.ImportFrom) -> Iterable[str]:
    """The dotted names that an import may mean: `from a import b` means `a` or `a.b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.module, "imports are absolute"
    return [f"{node.module}.{alias.name}" for alias in node.names]


def _module(path: Path) -> Module:
    parts = path.relative_to(SRC).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    source = path.read_text(encoding="utf-8")
    return Module(name=name, path=path, source=source, tree=ast.parse(source, filename=str(path)))


def _below(node: ast.AST, prefix: str) -> Iterator[tuple[str, FunctionNode | ast.ClassDef]]:
    for child in blocks(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}{child.name}"
            yield name, child
            yield from _below(child, f"{name}.")
        else:
            yield from _below(child, prefix)


def _docstring_lines(node: FunctionNode | ast.ClassDef) -> int:
    if ast.get_docstring(node, clean=False) is None:
        return 0
    first = node.body[0]
    assert first.end_lineno is not None
    return first.end_lineno - first.lineno + 1
