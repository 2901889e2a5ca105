"""Finds the functions that workflow code names and never calls: what checks the requests to a webhook runs where HTTP
is served, and may do what it likes."""

import ast
from collections.abc import Iterator
from types import FunctionType
from typing import Final

from outlast._registry.check_names import Position, all_codes
from outlast._registry.check_source import source_tree

_CALL: Final = "webhook"
_KEYWORD: Final = "verify"


def named_for_elsewhere(function: FunctionType) -> frozenset[Position]:
    """Where the function writes `webhook(verify=name)`: the places of the names."""
    if not _has_keyword(function):  # as nearly always: sources are slow to read
        return frozenset()
    tree = source_tree(function)
    return frozenset() if tree is None else frozenset(_places(tree))


def _has_keyword(function: FunctionType) -> bool:
    constants = (one for code in all_codes(function.__code__) for one in code.co_consts)
    return any(isinstance(one, tuple) and _KEYWORD in one for one in constants)


def _places(tree: ast.AST) -> Iterator[Position]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_webhook(node.func):
            yield from [_place(one.value) for one in node.keywords if one.arg == _KEYWORD]


def _is_webhook(called: ast.expr) -> bool:
    match called:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name == _CALL
        case _:
            return False


def _place(value: ast.expr) -> Position:
    """That of the name that stands first: `checks` in `checks.is_ours`."""
    while isinstance(value, ast.Attribute):
        value = value.value
    return value.lineno, value.col_offset + 1
