"""Classes by name: how they are written, and how they are found again without importing anything."""

import sys
from functools import lru_cache
from pathlib import PurePath
from typing import Final, cast
from weakref import WeakKeyDictionary

_MAIN: Final = "__main__"

_LOCAL: Final = "<locals>"

_NAMES: Final[WeakKeyDictionary[type, str]] = WeakKeyDictionary()
"""Of classes that a later process finds again."""


def durable_module(module: str) -> str:
    """The name under which a module is recorded: its own, also while it runs as a script.

    For `__main__` that is the name given to `python -m`, or the stem of the script's file: `flow` for
    `python examples/flow.py`. A `__main__` without a file (a prompt) stays `__main__`.
    """
    if module != _MAIN:
        return module
    main = sys.modules.get(_MAIN)
    spec = getattr(main, "__spec__", None)
    return _script_name(None if spec is None else spec.name, getattr(main, "__file__", None))


@lru_cache
def _script_name(spec_name: str | None, file: str | None) -> str:
    if spec_name is not None:
        return spec_name
    return _MAIN if file is None else PurePath(file).stem


def class_name(cls: type) -> str:
    """The name under which a class is recorded: `shop.orders:Order.Line`."""
    return f"{durable_module(cls.__module__)}:{cls.__qualname__}"


def recorded_name(cls: type) -> str | None:
    """The same, for a class whose values are being recorded; `None` if no later process could find the
    class by it: a function defines it, or its module does not have it under its own name."""
    name = _NAMES.get(cls)
    if name is None:
        name = class_name(cls)
        if is_local(name) or find_class(name) is None:
            return None
        _NAMES[cls] = name
    return name


def is_local(name: str) -> bool:
    """Whether a class of this name is defined inside a function."""
    return _LOCAL in name


def find_class(name: str) -> type | None:
    """The class of this name among the loaded modules.

    Imports nothing and runs no code of a module or class: neither lazy modules nor module-level
    `__getattr__` are triggered. A module attribute that is another name for a class counts, so that
    a renamed class can be left reachable under its old name.
    """
    module, _, qualname = name.partition(":")
    # A script is looked at first: `json.py` run as a script is not the module `json`, which follows.
    found = _find_in(_MAIN, qualname) if module == durable_module(_MAIN) else None
    return found or _find_in(module, qualname)


def _find_in(name: str, qualname: str) -> type | None:
    module = sys.modules.get(name)
    if module is None:
        return None
    return _walk(module, qualname) or _find_parametrised(module, qualname)


def _walk(module: object, qualname: str) -> type | None:
    # object.__getattribute__ does not wake a lazily loaded module.
    try:
        space = cast("dict[str, object]", object.__getattribute__(module, "__dict__"))
    except AttributeError:
        return None
    found: type | None = None
    for part in qualname.split("."):
        item = space.get(part)
        if not isinstance(item, type):
            return None
        found, space = item, cast("dict[str, object]", vars(item))
    return found


def _find_parametrised(module: object, qualname: str) -> type | None:
    """`Box[int]` of pydantic is a subclass of `Box` that no attribute leads to."""
    origin_name, bracket, _ = qualname.partition("[")
    origin = _walk(module, origin_name) if bracket else None
    if origin is None:
        return None
    subclasses: list[type] = type.__subclasses__(origin)
    return next((cls for cls in subclasses if cls.__qualname__ == qualname), None)
