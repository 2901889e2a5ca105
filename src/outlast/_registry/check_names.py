"""Reads from bytecode which objects a function refers to.

Bytecode tells globals from locals, needs no source, and knows line and column. What it gives are
*uses*: a name that comes from outside the function, with the attributes read from it: `os.path.join`.
"""

import dis
import importlib.util
import inspect
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple, TypeAlias, TypeGuard, TypeVar

import msgspec

T = TypeVar("T")

ABSENT: Final = object()
"""Stands for a value that is not known before the code runs."""

Position: TypeAlias = tuple[int, int]
"""Line and column, both from 1."""


class Unloaded(NamedTuple):
    """A module that the function imports when it runs, or something in it."""

    path: str


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A name from outside, read in the function."""

    name: str
    value: Any
    attributes: tuple[str, ...]
    """The attributes read from it at once, in order."""
    entered: bool
    """Whether the whole is then entered by `with`."""
    position: Position


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A global variable, written by the function."""

    name: str
    position: Position


def names_used(function: FunctionType) -> Iterator[Use | Write]:
    """Every use and every global write in the function and the functions inside it, in order."""
    free = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    known = {
        name: content for name, cell in free.items() if (content := _content(cell)) is not ABSENT
    }
    yield from _Reading(function.__globals__, function.__code__, known).uses()


def attribute_of(value: object, name: str) -> object:
    """What `value.name` is, as far as that is certain without running code; else `ABSENT`."""
    if is_plainly(value, Unloaded):
        return Unloaded(f"{value.path}.{name}")
    if is_plainly(value, ModuleType):
        return _attribute_of_module(vars(value), name)
    if is_plainly(value, type):
        found = inspect.getattr_static(value, name, ABSENT)
        if type(found) in (staticmethod, classmethod):
            return _function_of(found)
        return found
    return ABSENT


def is_plainly(value: object, kind: type[T]) -> TypeGuard[T]:
    """`isinstance` by the real type: a user's object may answer for its class with code."""
    return issubclass(type(value), kind)


def all_codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and all those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from all_codes(constant)


class _Reading:
    """One code object, read from its first instruction to its last."""

    def __init__(
        self, scope: Mapping[str, Any], code: CodeType, enclosed: Mapping[str, Any]
    ) -> None:
        self._scope, self._code = scope, code
        self._instructions = [
            found for found in dis.get_instructions(code) if found.opname != "EXTENDED_ARG"
        ]
        own = set(code.co_varnames) | set(code.co_cellvars)
        self._bound = {name: value for name, value in enclosed.items() if name not in own}
        self._bound |= self._imports()

    def uses(self) -> Iterator[Use | Write]:
        for index, instruction in enumerate(self._instructions):
            operation = instruction.opname
            if operation in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                yield Write(name=instruction.argval, position=self._position(instruction))
            elif "LOAD_" in operation and (loaded := self._load(instruction)):
                yield self._use(index, *loaded)
        for constant in self._code.co_consts:
            if isinstance(constant, CodeType):
                yield from _Reading(self._scope, constant, self._bound).uses()

    def _load(self, instruction: dis.Instruction) -> tuple[str, object] | None:
        operation: str = instruction.opname
        if operation in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
            name = str(instruction.argval)
            value = self._global(name)
        elif "FAST" in operation or "DEREF" in operation:
            name = _last(instruction.argval)
            value = self._bound.get(name, ABSENT)
        else:
            return None
        return None if value is ABSENT else (name, value)

    def _global(self, name: str) -> object:
        found = self._scope.get(name, ABSENT)
        return vars(sys.modules["builtins"]).get(name, ABSENT) if found is ABSENT else found

    def _use(self, index: int, name: str, value: object) -> Use:
        attributes: list[str] = []
        following = index + 1
        while (ahead := self._instructions[following]).opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.append(ahead.argval)
            following += 1
        if ahead.opname == "COPY":  # from Python 3.14 on, a `with` begins so
            ahead = self._instructions[following + 1]
        return Use(
            name=name,
            value=value,
            attributes=tuple(attributes),
            entered=ahead.opname in ("BEFORE_WITH", "BEFORE_ASYNC_WITH", "LOAD_SPECIAL"),
            position=self._position(self._instructions[index]),
        )

    def _position(self, instruction: dis.Instruction) -> Position:
        positions = instruction.positions
        line = positions.lineno if positions and positions.lineno else self._code.co_firstlineno
        column = positions.col_offset if positions and positions.col_offset else 0
        return line, column + 1

    def _imports(self) -> dict[str, object]:
        """The local variables that only ever hold what an import statement gave."""
        imported: dict[str, object] = {}
        module: object = ABSENT
        value: object = ABSENT
        previous: list[Any] = [None, None]
        for instruction in self._instructions:
            match instruction.opname:
                case "IMPORT_NAME":
                    module = value = self._module(instruction.argval, *previous[-2:])
                case "IMPORT_FROM":
                    value = attribute_of(module, instruction.argval)
                case "SWAP":
                    module = value
                case "POP_TOP":
                    pass
                case operation if operation.startswith(("STORE_FAST", "STORE_DEREF")):
                    first = _first(instruction.argval)
                    imported[first] = ABSENT if imported.get(first, value) is not value else value
                    value = ABSENT
                case _:
                    value = ABSENT
            previous.append(instruction.argval)
        return {name: value for name, value in imported.items() if value is not ABSENT}

    def _module(self, name: str, level: object, names: object) -> object:
        """What `__import__` would give, if the module has been imported by others."""
        if isinstance(level, int) and level > 0:
            try:
                name = importlib.util.resolve_name(
                    "." * level + name, self._scope.get("__package__") or ""
                )
            except ImportError:  # it will fail when it runs
                return ABSENT
        wanted = name if names else name.partition(".")[0]
        return sys.modules.get(wanted, Unloaded(wanted))


def _function_of(method: Any) -> object:
    return method.__func__


def _attribute_of_module(scope: Mapping[str, Any], name: str) -> object:
    found = scope.get(name, ABSENT)
    if found is not ABSENT or "__path__" not in scope:
        return found
    path = f"{scope['__name__']}.{name}"
    return sys.modules.get(path, Unloaded(path))


# Newer interpreters store or load two local variables at once: the first is stored first, and the
# second ends on top.


def _first(names: Any) -> str:
    return names if isinstance(names, str) else str(names[0])


def _last(names: Any) -> str:
    return names if isinstance(names, str) else str(names[-1])


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # the variable has no value yet
        return ABSENT
