"""The import statements of workflow code: what they bring in is seen through the lens as well."""

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from outlast._engine.lens_globals import See, real_globals


def guarded_import(see: See) -> Callable[..., Any]:
    """An `__import__` that imports as the real one does, and hands out what `see` makes of it."""

    def import_(
        name: str,
        scope: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        names: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        return see(builtins.__import__(name, real_globals(scope), local, names or (), level))

    return import_
