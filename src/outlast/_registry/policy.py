"""How a step is attempted: the options of `@step`, validated once."""

import inspect
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias, cast

import msgspec

from outlast._clock import Micros
from outlast._registry.durations import duration
from outlast._registry.names import is_name
from outlast.errors import DefinitionError, InvalidDurationError

Delay: TypeAlias = float | str | timedelta
Backoff: TypeAlias = Delay | Sequence[Delay] | Callable[[int, BaseException], Delay]
"""A first delay, doubled for each further attempt and jittered; the delays one by one, the last one
repeated; or a function of the number of the failed attempt (from 1) and its error."""
RetryOn: TypeAlias = (
    type[BaseException] | tuple[type[BaseException], ...] | Callable[[BaseException], bool]
)

DEFAULT_RETRIES: Final = 3
DEFAULT_BACKOFF: Final = "1s"
MAX_BACKOFF: Final[Micros] = 300_000_000


class StepPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a step."""

    retries: int = DEFAULT_RETRIES
    """Attempts after the first one."""
    backoff: Backoff = DEFAULT_BACKOFF
    timeout: Micros | None = None
    """How long one attempt may take."""
    retry_on: RetryOn | None = None
    """Which errors to retry; all by default."""
    queue: str | None = None
    """The queue of the workers that make its attempts; by default the worker that has the run makes
    them."""


def step_policy(
    name: str,
    *,
    retries: int,
    backoff: Backoff,
    timeout: Delay | None,
    retry_on: RetryOn | None,
    queue: str | None,
) -> StepPolicy:
    """The validated policy. Raises `DefinitionError` that names the step and the option."""
    if type(retries) is not int or retries < 0:
        hint = "retries counts the attempts after the first one: 0 or more."
        raise DefinitionError(name, f"retries={retries!r} cannot be used", hint=hint)
    if not callable(backoff):
        _check_delays(name, backoff)
    _check_not_async(name, "backoff", backoff)
    limit = None if timeout is None else _length(name, "timeout", timeout)
    if limit == 0:
        raise DefinitionError(
            name, f"timeout={timeout!r} cannot be used: an attempt needs more time than 0"
        )
    _check_retry_on(name, retry_on)
    _check_not_async(name, "retry_on", retry_on)
    _check_queue(name, queue)
    return StepPolicy(
        retries=retries,
        backoff=backoff,
        timeout=limit,
        retry_on=retry_on,
        queue=queue,
    )


def backoff_delay(policy: StepPolicy, attempt: int, error: BaseException, chance: float) -> Micros:
    """How long to wait after the failed attempt number `attempt`.

    A first delay grows as first * 2^(attempt-1) up to five minutes (or the first delay, if that is
    longer), times a factor between 0.5 and 1 given by `chance` in [0, 1) ("equal jitter"). Listed and
    computed delays are taken as they are.
    """
    backoff = policy.backoff
    if callable(backoff):
        return duration(backoff(attempt, error))
    if isinstance(backoff, Sequence) and not isinstance(backoff, str):
        return duration(backoff[min(attempt, len(backoff)) - 1])
    first = duration(backoff)
    grown = min(first << min(attempt - 1, 40), max(first, MAX_BACKOFF))
    return round(grown * (0.5 + chance / 2))


def wants_retry(policy: StepPolicy, error: BaseException) -> bool:
    """Whether the policy's `retry_on` lets this error be retried."""
    match policy.retry_on:
        case None:
            return True
        case type() | tuple() as classes:
            return isinstance(error, classes)
        case predicate:
            return bool(predicate(error))


def _check_queue(name: str, queue: object) -> None:
    """What a log and a command line could not take. For users without a type checker."""
    if queue is not None and not is_name(queue):
        hint = "A queue is a text of 1 to 200 printable characters, such as queue='gpu'."
        raise DefinitionError(name, f"queue={queue!r} cannot be used", hint=hint)


def _check_retry_on(name: str, retry_on: Any) -> None:
    """What would go wrong no sooner than at the first error. For users without a type checker."""
    several = isinstance(retry_on, tuple)
    classes = cast("tuple[object, ...]", retry_on if several else (retry_on,))
    if retry_on is None or all(_is_error_class(one) for one in classes):
        return
    if isinstance(retry_on, tuple | type) or not callable(retry_on):
        hint = (
            "Give a class of errors, a tuple of such classes, or a function that takes the error."
        )
        raise DefinitionError(name, f"retry_on={retry_on!r} cannot be used", hint=hint)


def _check_not_async(name: str, option: str, value: object) -> None:
    """A coroutine is true, and nobody awaits it. For users without a type checker."""
    if inspect.iscoroutinefunction(value):
        problem = f"{option}={value!r} cannot be used: it is an `async def` function"
        raise DefinitionError(name, problem, hint="Make it a plain function: write `def`.")


def _is_error_class(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, BaseException)


def _check_delays(name: str, backoff: Delay | Sequence[Delay]) -> None:
    if not isinstance(backoff, Sequence) or isinstance(backoff, str):
        _length(name, "backoff", backoff)
        return
    if not backoff:
        raise DefinitionError(name, "the backoff is an empty list of delays")
    for delay in backoff:
        _length(name, "backoff", delay)


def _length(name: str, option: str, value: Delay) -> Micros:
    try:
        return duration(value)
    except InvalidDurationError as error:
        problem = f"{option}={value!r} cannot be used: {error.reason}"
        hint = "Give seconds, a text such as '30s' or '1h 30m', or a timedelta."
        raise DefinitionError(name, problem, hint=hint) from error
