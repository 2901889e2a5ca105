"""The namespaces through which workflow code sees its module: live, but looked at on the way."""

import builtins
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

See: TypeAlias = Callable[[Any], Any]
"""Gives what workflow code sees in place of a value; the same object each time."""

_ABSENT: Final = object()


class LensGlobals(dict[str, Any]):
    """The globals of a function behind the lens.

    Reading looks into the real globals, then into the built-ins, and hands out what `see` makes of
    the value. Interpreters look a global up by `__getitem__` where the globals are not a plain `dict`.
    What this dictionary itself holds is for the places that read it without asking: the dunder names,
    by which classes and functions defined inside learn their module.
    """

    __slots__ = ("__weakref__", "_see", "_seen", "real", "written")

    def __init__(self, real: dict[str, Any], see: See, import_: Callable[..., Any]) -> None:
        dunders = {name: value for name, value in real.items() if name.startswith("__")}
        super().__init__(dunders | {"__builtins__": _Builtins(self, see, import_)})
        self.real = real
        self.written: set[str] = set()
        """The names that lensed code assigns by `global`."""
        self._see = see
        self._seen: dict[str, tuple[Any, Any]] = {}

    def __getitem__(self, name: str) -> Any:
        # The hottest line of the guard: every global that workflow code reads comes by.
        try:
            value, seen = self._seen[name]
            if value is _ABSENT:
                if name not in self.real:
                    return seen
            elif self.real[name] is value:
                return seen
        except KeyError:
            pass
        return self._look(name)

    def _look(self, name: str) -> Any:
        value = self.real.get(name, _ABSENT)
        absent = value is _ABSENT
        seen = _own(_own(self, "__builtins__"), name) if absent else self._see(value)
        self._seen[name] = (value, seen)
        return seen

    # What `globals()` in workflow code is used for

    def __setitem__(self, name: str, value: Any) -> None:
        self.real[name] = value

    def __delitem__(self, name: str) -> None:
        del self.real[name]

    def __contains__(self, name: object) -> bool:
        return name in self.real

    def __iter__(self) -> Iterator[str]:
        return iter(self.real)

    def __len__(self) -> int:
        return len(self.real)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self.real else default

    # Writing by the `global` statement

    def expect_writes(self, names: set[str]) -> None:
        """From now on carry what lensed code assigns to these globals over to the real ones."""
        self.written |= names
        object.__setattr__(self, "__class__", WrittenGlobals)

    def carry_over(self) -> None:
        """Bring assigned globals to the real module. The interpreter stores them here unasked."""
        for name in self.written:
            value = super().pop(name, _ABSENT)
            if value is not _ABSENT:
                self.real[name] = value


class WrittenGlobals(LensGlobals):
    """Globals some of which are assigned by lensed code: each read first carries them over."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        self.carry_over()
        return super().__getitem__(name)


class _Builtins(dict[str, Any]):
    """The built-ins of lensed code.

    Class bodies read the globals' own content and then come here, past `LensGlobals.__getitem__`: so
    they are sent back to it. `import` statements take `__import__` from the content, unasked.
    """

    __slots__ = ("_globals",)

    def __init__(self, globals_: LensGlobals, see: See, import_: Callable[..., Any]) -> None:
        super().__init__({name: see(value) for name, value in vars(builtins).items()})
        self["__import__"] = import_
        self._globals = globals_

    def __getitem__(self, name: str) -> Any:
        return self._globals[name]


def real_globals(scope: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The real globals behind a namespace; a plain one is its own."""
    return scope.real if isinstance(scope, LensGlobals) else scope


def workflow_line() -> str | None:
    """`flow.py:17`: the innermost line on the stack that runs behind the lens."""
    frame = inspect.currentframe()
    while frame is not None:
        if isinstance(frame.f_globals, LensGlobals):
            return f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
        frame = frame.f_back
    return None


def _own(namespace: dict[str, Any], name: str) -> Any:
    return dict[str, Any].__getitem__(namespace, name)
