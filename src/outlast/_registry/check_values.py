"""Follows two kinds of values through a function's source: sets, whose order differs between
processes, and paths, whose methods touch the file system.

A small inference over local names, enough for how such code is written: literals, constructors,
assignments, annotations of parameters. What it does not know it leaves alone.
"""

import ast
import builtins
import pathlib
from collections.abc import Iterator
from types import FunctionType
from typing import Final, Literal, TypeAlias

from outlast._registry.check_finding import Finding, Severity
from outlast._registry.check_names import is_plainly
from outlast._registry.check_source import Scope, source_tree
from outlast._registry.check_table import PATHS, SETS, words

PATH_METHODS: Final = words(
    "chmod cwd exists expanduser glob group hardlink_to home is_block_device is_char_device is_dir is_fifo"
    " is_file is_mount is_socket is_symlink iterdir lchmod lstat mkdir open owner read_bytes read_text"
    " readlink rename replace resolve rglob rmdir samefile stat symlink_to touch unlink walk write_bytes"
    " write_text"
)
"""The methods of `pathlib.Path` that ask or change the file system."""

_PATH_TO_PATH: Final = words(
    "absolute expanduser joinpath relative_to resolve with_name with_stem with_suffix"
)
_SET_TO_SET: Final = words("copy difference intersection symmetric_difference union")
_ORDERED: Final = ("list", "tuple", "iter", "enumerate", "reversed", "next", "zip", "map", "filter")
_ORDER_FREE: Final = ("sorted", "set", "frozenset", "len", "sum", "min", "max", "any", "all")

_Sort: TypeAlias = Literal["set", "path"] | None


def value_findings(function: FunctionType, *, guessed: bool = False) -> Iterator[Finding]:
    """The findings in one function; none where its source cannot be had. In a function that is only
    guessed to be called, all are warnings."""
    tree = source_tree(function)
    if tree is None:
        return
    severity: Severity = "warning" if guessed else "error"
    yield from _Flow(function, tree, path_severity=severity).findings()


class _Flow:
    """One function's tree, with what is known of its local names."""

    def __init__(self, function: FunctionType, tree: ast.AST, *, path_severity: Severity) -> None:
        self._function, self._tree = function, tree
        self._path_severity: Severity = path_severity
        self._scope = Scope(function)
        self._sorts: dict[str, _Sort] = {}

    def findings(self) -> Iterator[Finding]:
        self._learn()
        free = {
            id(argument)
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Call) and self._is_builtin(node.func, _ORDER_FREE)
            for argument in node.args
        }
        for node in ast.walk(self._tree):
            yield from self._in_node(node, order_free=id(node) in free)

    def _learn(self) -> None:
        """What the names of the function hold. A name that holds two sorts of values is not known."""
        for node in ast.walk(self._tree):
            match node:
                case ast.arg(arg=name, annotation=ast.expr() as annotation):
                    self._bind(name, self._annotated(annotation))
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._bind(name, self._sort(value))
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self._bind(name, self._sort(value))
                case ast.NamedExpr(target=ast.Name(id=name), value=value):
                    self._bind(name, self._sort(value))
                case ast.For(target=ast.Name(id=name)) | ast.AsyncFor(target=ast.Name(id=name)):
                    self._bind(name, None)
                case _:
                    pass

    def _bind(self, name: str, sort: _Sort) -> None:
        self._sorts[name] = sort if self._sorts.get(name, sort) == sort else None

    def _in_node(self, node: ast.AST, *, order_free: bool) -> Iterator[Finding]:
        match node:
            case ast.Attribute(value=value, attr=name) if name in PATH_METHODS:
                if self._sort(value) == "path":
                    yield self._finding(node, f"Path.{name}", PATHS, self._path_severity)
            case ast.For(iter=source) | ast.AsyncFor(iter=source):
                yield from self._iterated(source)
            case ast.ListComp(generators=[first, *_]) | ast.DictComp(generators=[first, *_]):
                if not order_free:
                    yield from self._iterated(first.iter)
            case ast.GeneratorExp(generators=[first, *_]) if not order_free:
                yield from self._iterated(first.iter)
            case ast.Call(func=function, args=[source, *_]) if self._is_ordering(function):
                yield from self._iterated(source)
            case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[]):
                yield from self._iterated(value)
            case ast.Starred(value=source):
                yield from self._iterated(source)
            case _:
                pass

    def _iterated(self, source: ast.expr) -> Iterator[Finding]:
        if self._sort(source) == "set" and not _is_of_numbers(source):
            yield self._finding(source, "set", SETS, "warning")

    def _sort(self, value: ast.expr) -> _Sort:
        match value:
            case ast.Set() | ast.SetComp():
                return "set"
            case ast.Name(id=name) if name in self._sorts:
                return self._sorts[name]
            case ast.BinOp(left=left, op=operator, right=right):
                return self._sort_of_operation(operator, {self._sort(left), self._sort(right)})
            case ast.Attribute(value=inner, attr="parent") if self._sort(inner) == "path":
                return "path"
            case ast.Call(func=function):
                return self._sort_of_call(function)
            case _:
                return _sort_of_value(self._scope.value_of(value))

    def _sort_of_operation(self, operator: ast.operator, operands: set[_Sort]) -> _Sort:
        if isinstance(operator, ast.Div):
            return "path" if "path" in operands else None
        set_operators = ast.BitOr | ast.BitAnd | ast.BitXor | ast.Sub
        return "set" if isinstance(operator, set_operators) and "set" in operands else None

    def _sort_of_call(self, function: ast.expr) -> _Sort:
        sort = _sort_of_class(self._scope.value_of(function))
        if sort is not None or not isinstance(function, ast.Attribute):
            return sort
        inner, method = self._sort(function.value), function.attr
        if inner == "set":
            return "set" if method in _SET_TO_SET else None
        if inner == "path":
            return "path" if method in _PATH_TO_PATH else None
        owner = _sort_of_class(self._scope.value_of(function.value))
        return "path" if owner == "path" and method in ("cwd", "home") else None

    def _annotated(self, annotation: ast.expr) -> _Sort:
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except SyntaxError:
                return None
        inner = annotation.value if isinstance(annotation, ast.Subscript) else annotation
        return _sort_of_class(self._scope.value_of(inner))

    def _is_builtin(self, function: ast.expr, names: tuple[str, ...]) -> bool:
        found = self._scope.value_of(function)
        return any(found is vars(builtins)[name] for name in names)

    def _is_ordering(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Attribute) and function.attr in ("join", "extend", "fromkeys"):
            return True
        return self._is_builtin(function, _ORDERED)

    def _finding(self, node: ast.expr, name: str, message: str, severity: Severity) -> Finding:
        return Finding(
            file=self._function.__code__.co_filename,
            line=node.lineno,
            column=node.col_offset + 1,
            name=name,
            message=message,
            severity=severity,
        )


def _sort_of_value(value: object) -> _Sort:
    return None if is_plainly(value, type) else _sort_of_class(type(value))


def _sort_of_class(found: object) -> _Sort:
    if not is_plainly(found, type):
        return None
    if issubclass(found, set | frozenset):
        return "set"
    return "path" if issubclass(found, pathlib.Path) else None


def _is_of_numbers(source: ast.expr) -> bool:
    """A literal set of numbers comes out in one order everywhere."""
    return isinstance(source, ast.Set) and all(
        isinstance(element, ast.Constant) and isinstance(element.value, int | float)
        for element in source.elts
    )
