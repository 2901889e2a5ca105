"""Modules as workflow code sees them."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from outlast._engine.lens_globals import See


def module_lens(module: ModuleType, see: See) -> Any:
    """The module, each attribute of which is looked at on the way, live. Writing goes to the module.

    It is the only instance of a class of its own: reading an attribute then costs one Python call,
    where an instance with `__getattr__` costs ten times that.
    """

    def write(_self: Any, name: str, value: Any) -> None:
        setattr(module, name, value)

    def remove(_self: Any, name: str) -> None:
        delattr(module, name)

    def names(_self: Any) -> list[str]:
        return dir(module)

    def text(_self: Any) -> str:
        return repr(module)

    body: dict[str, Any] = {
        "__slots__": ("__weakref__",),
        "__getattribute__": _reader(module, see),
        "__setattr__": write,
        "__delattr__": remove,
        "__dir__": names,
        "__repr__": text,
    }
    return type("ModuleLens", (), body)()


def _reader(module: ModuleType, see: See) -> Callable[[Any, str], Any]:
    scope = vars(module)
    known: dict[str, tuple[Any, Any]] = {}

    def look(name: str) -> Any:
        if name == "__class__":  # `isinstance(it, ModuleType)` asks for this
            return ModuleType
        value = getattr(module, name)
        seen = see(value)
        if name in scope:
            known[name] = (value, seen)
        return seen

    def read(_self: Any, name: str) -> Any:
        try:
            value, seen = known[name]
            if scope[name] is value:
                return seen
        except KeyError:
            pass
        return look(name)

    return read
