"""Index the standard library of the Python that runs this: one step a file, then one report.

The demo copies this file into a folder of its own and serves it with `outlast worker`, kills that worker
half way, and starts another one. Nothing in here knows about it, except that every step notes its
executions in a file, as a witness that does not depend on the log.
"""

import ast
import asyncio
import os
import sysconfig
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, TypedDict

from outlast import sleep, step, step_info, workflow

SKIPPED = {"site-packages", "test", "tests", "__pycache__", "idlelib", "lib2to3", "turtledemo"}


class Measured(TypedDict):
    """What there is to know of one file."""

    file: str
    lines: int
    classes: int
    functions: int
    documented: int
    longest: str
    longest_lines: int


class Index(TypedDict):
    """The report: all of the library, and its packages by size."""

    total: Measured
    files: int
    packages: list[tuple[str, int, Measured]]


@workflow
async def index_library(limit: int | None = None, pause: float = 1.0) -> Index:
    """Index the library, with no more than eight files at once."""
    files = await find_files(limit)
    slots = asyncio.Semaphore(8)

    async def measure_in_turn(file: str) -> Measured:
        async with slots:
            return await measure(file)

    measured = await asyncio.gather(*[measure_in_turn(file) for file in files])
    await sleep(pause)  # durable: a worker could die now, and another one would go on after it
    return await summarize(measured)


@step
def find_files(limit: int | None) -> list[str]:
    """The source files of the standard library, without its tests."""
    witness()
    return list_files(limit)


@step
def measure(file: str) -> Measured:
    """Read and parse one file, and count what is in it."""
    witness()
    source = (library() / file).read_bytes()
    try:
        statements = list(statements_of(ast.parse(source)))
    except SyntaxError:  # a file that is broken on purpose
        statements = []
    functions = [
        one for one in statements if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    classes = [one for one in statements if isinstance(one, ast.ClassDef)]
    longest = max(functions, key=lines_of, default=None)
    return Measured(
        file=file,
        lines=source.count(b"\n"),
        classes=len(classes),
        functions=len(functions),
        documented=sum(
            ast.get_docstring(one, clean=False) is not None for one in [*classes, *functions]
        ),
        longest=longest.name if longest else "",
        longest_lines=lines_of(longest) if longest else 0,
    )


@step
def summarize(measured: list[Measured]) -> Index:
    """Add it all up."""
    witness()
    packages = [
        (name, len(found), add(name, found))
        for name, group in groupby(sorted(measured, key=package_of), key=package_of)
        if (found := list(group))
    ]
    packages.sort(key=lambda package: package[2]["lines"], reverse=True)
    return Index(total=add("all", measured), files=len(measured), packages=packages[:8])


def list_files(limit: int | None) -> list[str]:
    """The files, relative to the library's folder, in a stable order."""
    root = library()
    found = [
        path.relative_to(root).as_posix()
        for folder, _, files in os.walk(root)
        for path in (Path(folder, file) for file in files if file.endswith(".py"))
        if not SKIPPED.intersection(path.relative_to(root).parts)
    ]
    return sorted(found)[:limit]


def library() -> Path:
    """The folder of the standard library."""
    return Path(sysconfig.get_path("stdlib"))


def statements_of(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements in a tree; expressions are not looked into, which is quicker."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner: Any = getattr(node, field, None)
            if isinstance(inner, list):  # that of a lambda is an expression
                waiting += inner


def lines_of(node: ast.AST) -> int:
    """How many lines a statement has."""
    start, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return end - start + 1


def add(name: str, measured: list[Measured]) -> Measured:
    """The sum of several files."""
    longest = max(measured, key=lambda one: one["longest_lines"])
    return Measured(
        file=name,
        lines=sum(one["lines"] for one in measured),
        classes=sum(one["classes"] for one in measured),
        functions=sum(one["functions"] for one in measured),
        documented=sum(one["documented"] for one in measured),
        longest=longest["longest"],
        longest_lines=longest["longest_lines"],
    )


def package_of(measured: Measured) -> str:
    """`asyncio` for `asyncio/tasks.py`; modules outside of packages are one group."""
    folder, slash, _ = measured["file"].partition("/")
    return folder if slash else "(modules)"


def witness() -> None:
    """Note that this step is being executed: one line, appended in one write."""
    path = os.environ.get("OUTLAST_DEMO_WITNESS")
    if path:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, f"{step_info().id}\n".encode())
        os.close(file)
