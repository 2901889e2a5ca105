"""Lensed functions that assign variables outside themselves, by `global` or `nonlocal`."""

import dis
import functools
import inspect
from types import CodeType, FunctionType
from typing import Any, cast

from outlast._engine.lens_globals import LensGlobals
from outlast._registry.check_names import all_codes


def globals_written(code: CodeType) -> set[str]:
    """The globals that a function, or one inside it, assigns."""
    return _arguments(code, "STORE_GLOBAL")


def names_rebound(code: CodeType) -> set[str]:
    """The variables of enclosing functions that a function, or one inside it, assigns."""
    return _arguments(code, "STORE_DEREF") if code.co_freevars else set()


def writing_through(lensed: FunctionType, scope: LensGlobals) -> FunctionType:
    """The function, so wrapped that the globals it assigned are in the real module when it ends.

    While it runs, and for generators also when they end, lensed code sees what was assigned at its
    next look at any global of the module, and so does the real module from then on.
    """
    if inspect.isgeneratorfunction(lensed) or inspect.isasyncgenfunction(lensed):
        return lensed
    if inspect.iscoroutinefunction(lensed):

        @functools.wraps(lensed)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            try:
                return await lensed(*args, **kwargs)
            finally:
                scope.carry_over()

        return cast(FunctionType, call_async)

    @functools.wraps(lensed)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return lensed(*args, **kwargs)
        finally:
            scope.carry_over()

    return cast(FunctionType, call)


def _arguments(code: CodeType, operation: str) -> set[str]:
    return {
        instruction.argval
        for part in all_codes(code)
        for instruction in dis.get_instructions(part)
        if instruction.opname == operation
    }
