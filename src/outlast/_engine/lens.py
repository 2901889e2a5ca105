"""The lens: workflow code sees its module's globals live, but looked at on the way.

What it sees in place of the real thing, wherever it got it from (a global, a module's attribute, an
import in the function body, a closure, a default argument):

* clocks and chance give values drawn from the run; what touches the outside raises at use;
* modules that have such things in them, and the user's own modules, are seen through as well;
* plain functions of the user's are rebuilt behind the lens, and so are the functions that a decorator
  keeps in its closure, and the function of a `functools.partial`;
* everything else is itself: steps, workflows, classes and what is reached through them (methods,
  static and class methods), objects, containers, cached functions. For these there are the static
  check and the audit hook.

Nothing global is patched. Outside of a run, lensed code does what it would do without the lens.
"""

import functools
from collections.abc import Callable
from types import (
    BuiltinMethodType,
    CellType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import Any, Final, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

from outlast._engine.imports import guarded_import
from outlast._engine.lens_globals import LensGlobals
from outlast._engine.lens_modules import module_lens
from outlast._engine.lens_rules import stand_in
from outlast._engine.lens_writes import globals_written, names_rebound, writing_through
from outlast._registry.check_origin import claim, is_user_function, is_user_module
from outlast._registry.check_rules import RULES

P = ParamSpec("P")
R = TypeVar("R")


def through_lens(function: Callable[P, R]) -> Callable[P, R]:
    """The same function behind the lens; the same one each time it is asked for, as long as it lives.

    Name, module, annotations, defaults, attributes and `__wrapped__` are kept. What is not a plain
    function, or is behind the lens already, comes back as it is. Closures are looked at once: ask
    when the workflow first runs rather than when it is defined, so that they have been filled.
    """
    if type(function) is not FunctionType:
        return function
    claim(function)
    return cast(Callable[P, R], _lensed(function))


def see(value: Any) -> Any:
    """What workflow code sees in place of a value."""
    kind = _kind(value)
    if kind is ModuleType or issubclass(kind, ModuleType):
        return _module(value)
    rule = RULES.of(value)
    if rule is not None:
        return stand_in(rule, value)
    if kind is FunctionType:
        return _lensed(value) if _is_seen_through(value) else value
    if kind in (BuiltinMethodType, MethodType):
        return _method(value)
    return _partial(value) if kind is functools.partial else value


def _kind(value: object) -> type:
    return type(value)


def _module(module: ModuleType) -> Any:
    if not (RULES.covers(module) or is_user_module(module)):
        return module
    known = _modules.get(id(module))
    if known is None:
        known = _modules[id(module)] = module_lens(module, see)
    return known


def _method(method: Any) -> Any:
    """A method that was taken from its owner before: `now = datetime.now`, `env = os.environ.get`."""
    rule = RULES.of(method.__self__)
    if rule is None:
        return method
    seen = stand_in(rule, method.__self__)
    return method if seen is method.__self__ else getattr(seen, method.__name__)


def _partial(value: functools.partial[Any]) -> functools.partial[Any]:
    function = see(value.func)
    if function is value.func:
        return value
    return functools.partial(function, *value.args, **value.keywords)


def _is_seen_through(function: FunctionType) -> bool:
    if getattr(function, "__outlast_definition__", None) is not None:
        return False
    return is_user_function(function) or _decorated_by_library(function)


def _decorated_by_library(function: FunctionType) -> bool:
    """A library's wrapper (such as that of `contextlib.contextmanager`) around a user's function."""
    inner = function.__dict__.get("__wrapped__")
    if type(inner) is not FunctionType or isinstance(inner.__globals__, LensGlobals):
        return False
    return is_user_function(inner)


def _lensed(function: FunctionType) -> FunctionType:
    if isinstance(function.__globals__, LensGlobals):
        return function
    known = _functions.get(function)
    lensed = known() if known is not None else None
    return _rebuilt(function) if lensed is None else lensed


def _rebuilt(function: FunctionType) -> FunctionType:
    code, scope = function.__code__, function.__globals__
    if is_user_function(function):
        scope = _globals(scope)
    cells = _cells_to_see(function)
    closure = tuple(new or cell for cell, new in cells)
    lensed = FunctionType(code, scope, function.__name__, None, closure)
    _dress(lensed, function)
    written = globals_written(code)
    if written and isinstance(scope, LensGlobals):
        scope.expect_writes(written)
        lensed = writing_through(lensed, scope)
        _functions[lensed] = ref(lensed)
    # Known before its closure is looked at: a recursive function has itself in there.
    _functions[function] = ref(lensed)
    for cell, new in cells:
        if new is not None:
            new.cell_contents = see(cell.cell_contents)
    return lensed


def _cells_to_see(function: FunctionType) -> list[tuple[CellType, CellType | None]]:
    """The cells of a closure, and a new one for each whose content looks different behind the lens.
    Those that are empty, or that the function itself assigns, stay shared with the enclosing one."""
    rebound = names_rebound(function.__code__)
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return [
        (cell, CellType() if name not in rebound and _looks_different(cell) else None)
        for name, cell in cells
    ]


def _looks_different(cell: CellType) -> bool:
    try:
        value = cell.cell_contents
    except ValueError:  # the variable has no value yet
        return False
    if type(value) is FunctionType:  # not seen yet: it may be the function that is being rebuilt
        return not isinstance(value.__globals__, LensGlobals) and (
            RULES.of(value) is not None or _is_seen_through(value)
        )
    return see(value) is not value


def _dress(lensed: FunctionType, function: FunctionType) -> None:
    functools.update_wrapper(lensed, function)
    del lensed.__wrapped__  # type: ignore[attr-defined]  # set by update_wrapper: it wraps nothing
    if "__wrapped__" in function.__dict__:
        lensed.__wrapped__ = see(function.__dict__["__wrapped__"])  # type: ignore[attr-defined]
    lensed.__defaults__ = _seen_defaults(function.__defaults__)
    if function.__kwdefaults__:
        lensed.__kwdefaults__ = {
            name: see(value) for name, value in function.__kwdefaults__.items()
        }


def _seen_defaults(defaults: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return tuple(map(see, defaults)) if defaults else defaults


def _globals(real: dict[str, Any]) -> LensGlobals:
    known = _namespaces.get(id(real))
    if known is None:
        known = _namespaces[id(real)] = LensGlobals(real, see, _import)
    return known


_import: Final = guarded_import(see)

# Nothing here keeps a user's function or module alive. A namespace and a module lens hold what their
# key is the id of, so that the id stays theirs.
_functions: Final[WeakKeyDictionary[FunctionType, ref[FunctionType]]] = WeakKeyDictionary()
_namespaces: Final[WeakValueDictionary[int, LensGlobals]] = WeakValueDictionary()
_modules: Final[WeakValueDictionary[int, Any]] = WeakValueDictionary()
