"""Calls of steps and workflows that begin when they are awaited, and say so if they never are."""

import warnings
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Final, NoReturn, TypeVar

from outlast._engine.execution import Execution

R_co = TypeVar("R_co", covariant=True)

_TOLD: Final[dict[Any, Any]] = {}
"""What has been said; a replay, or another run, does not say it again."""


class Pending(Coroutine[Any, Any, R_co]):
    """A coroutine to asyncio, and to whoever awaits it. Awaited once, or not at all.

    It warns as a coroutine does that was never awaited, but by the name of what was called and with the
    line, and not where the run leaves memory before it comes to the `await`.
    """

    __slots__ = ("_awaited", "_coroutine", "_execution", "_spent", "_what", "line")

    def __init__(self, execution: Execution | None, what: str, line: str | None) -> None:
        self._coroutine: Coroutine[Any, Any, R_co] | None = None
        """What tasks turn. A plain `await`, the path of nearly all calls, does without."""
        self._awaited = self._spent = False
        self._execution = execution
        """The one whose workflow code has made the call."""
        self._what = what
        """`step 'charge'`."""
        self.line = line

    @abstractmethod
    def _ask(self) -> Awaitable[R_co]:
        """Begin."""
        ...

    def __await__(self) -> Generator[Any, Any, R_co]:
        if self._awaited:
            raise self._awaited_again()
        self._awaited = True
        return self._ask().__await__()

    def send(self, value: Any) -> Any:
        return self._begun().send(value)

    def throw(self, *exception: Any) -> Any:
        return self._begun().throw(*exception)

    def close(self) -> None:
        self._spent = True
        if self._coroutine is not None:
            self._coroutine.close()

    def spend(self) -> None:
        """Note that the call was not made for nothing: it was passed on to be started."""
        self._spent = True

    def __repr__(self) -> str:
        return f"<call of {self._what}, to be awaited>"

    def __del__(self) -> None:
        if self._awaited or self._spent or self._execution is None:
            return
        if not self._execution.requests.closed:
            file, _, number = (self.line or "?:0").rpartition(":")
            message = f"{self._what} was called but not awaited, {self.line}"
            warnings.warn_explicit(message, RuntimeWarning, file, int(number), registry=_TOLD)

    def _begun(self) -> Coroutine[Any, Any, R_co]:
        if self._coroutine is None:
            if self._awaited:
                raise self._awaited_again()
            self._awaited = True
            self._coroutine = self._run()
        return self._coroutine

    async def _run(self) -> R_co:
        return await self._ask()

    def _awaited_again(self) -> RuntimeError:
        return RuntimeError(f"cannot await {self._what} again: a call is awaited once")


def _no_attribute(call: Pending[Any], name: str) -> NoReturn:
    if name.startswith("_"):  # what Python and libraries look for in any object
        message = f"{type(call).__name__!r} object has no attribute {name!r}"
        raise AttributeError(message)
    raise AttributeError(_no_result_yet(call, f".{name}"))


def _no_item(call: Pending[Any], _key: object) -> NoReturn:
    raise TypeError(_no_result_yet(call, "[...]"))


def _no_operand(call: Pending[Any], _other: object) -> NoReturn:
    raise TypeError(_no_result_yet(call, ""))


def _no_result_yet(call: Any, then: str) -> str:
    at = f", {call.line}" if call.line else ""
    return f"{call._what} was called but not awaited{at}, and has no result yet: write `(await ...){then}`"  # noqa: SLF001 - a method of it


# What is done to the result of a call whose `await` was forgotten. Not written in the class, as type checkers would then
# take it for allowed. Python also iterates by `__getitem__`; with an `__iter__` libraries would take a call for a collection.
_FORBIDDEN: Final[dict[str, Callable[..., NoReturn]]] = {
    "getattr": _no_attribute,
    "getitem": _no_item,
    **dict.fromkeys(("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"), _no_operand),
    **dict.fromkeys(("radd", "rsub", "rmul", "rtruediv", "rfloordiv", "rmod"), _no_operand),
    **dict.fromkeys(("lt", "le", "gt", "ge"), _no_operand),
}
for _name, _refuse in _FORBIDDEN.items():
    setattr(Pending, f"__{_name}__", _refuse)
