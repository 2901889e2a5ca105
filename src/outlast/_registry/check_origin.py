"""Whose code a function or a module is: the user's, or a library's."""

import functools
import sysconfig
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]
_LIBRARIES: Final = frozenset(
    Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")
) | {_PACKAGE}
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})

_homes: set[str] = set()


def claim(function: FunctionType) -> None:
    """Count the package of a workflow among the user's code, even where it is installed as a
    library. Of Outlast itself only the very module."""
    module = function.__module__ or ""
    package = module.partition(".")[0]
    _homes.add(module if package == "outlast" else package)


def is_user_function(function: FunctionType) -> bool:
    """Whether the function's code was written by the user. `__module__` does not tell: a library's
    wrapper has that of the function that it wraps."""
    if is_user_file(function.__code__.co_filename):
        return True
    return _is_home(function.__globals__.get("__name__"))


def is_user_module(module: ModuleType) -> bool:
    """Whether the module was written by the user. One without a file is, if it has a path or is the
    program itself."""
    scope = vars(module)
    name = scope.get("__name__")
    if not isinstance(name, str) or _is_home(name):
        return isinstance(name, str)
    file = scope.get("__file__")
    if isinstance(file, str):
        return is_user_file(file)
    path = [str(part) for part in scope.get("__path__", ())]
    return name == "__main__" or any(is_user_file(part) for part in path)


@functools.cache
def is_user_file(file: str) -> bool:
    """Whether a file is neither the standard library's, nor an installed package's, nor ours.

    Code without a file (`<stdin>`, `<string>`) is the user's, unless it is frozen.
    """
    if file.startswith("<"):
        return not file.startswith("<frozen")
    path = Path(file)
    if not _INSTALLED.isdisjoint(path.parts):
        return False
    return _LIBRARIES.isdisjoint(path.parents)


def _is_home(module: str | None) -> bool:
    return module is not None and (module in _homes or module.partition(".")[0] in _homes)
