"""Finds calls of coroutine functions that nobody awaits: `charge(order)` as a line of its own."""

import ast
import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Final

from outlast._registry.check_finding import Finding
from outlast._registry.check_source import Scope, source_tree

NOT_AWAITED: Final = "It is called and not awaited, so it does nothing: write `await {}(...)`."


def await_findings(function: FunctionType, *, guessed: bool = False) -> Iterator[Finding]:
    """Steps, workflows, `sleep` and other `async def` functions that are called in a statement of
    their own. In a function that is only guessed to be called, they are warnings."""
    tree = source_tree(function)
    if tree is None:
        return
    inner = {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}
    scope = Scope(function)
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id=name) as called)) if name in scope.own:
                forgotten = name in inner
            case ast.Expr(value=ast.Call(func=called)):
                forgotten = _is_awaited(scope.value_of(called))
            case _:
                continue
        if forgotten:
            yield _finding(function, called, guessed=guessed)


def _finding(function: FunctionType, called: ast.expr, *, guessed: bool) -> Finding:
    name = ast.unparse(called)
    return Finding(
        file=function.__code__.co_filename,
        line=called.lineno,
        column=called.col_offset + 1,
        name=name,
        message=NOT_AWAITED.format(name),
        severity="warning" if guessed else "error",
    )


def _is_awaited(called: object) -> bool:
    """Whether what is called gives something to await. Runs no code of the user's to find out."""
    if inspect.getattr_static(called, "__outlast_definition__", None) is not None:
        return True
    return isinstance(called, FunctionType) and inspect.iscoroutinefunction(called)
