"""Whether a failed attempt is followed by another one, and when."""

import msgspec

from outlast._clock import Micros
from outlast._registry.durations import deadline
from outlast._registry.policy import StepPolicy, backoff_delay, wants_retry
from outlast.errors import (
    FatalError,
    NotAllowedHereError,
    PayloadError,
    RetryableError,
    StreamClosedError,
)


class GiveUp(msgspec.Struct, frozen=True):
    """The step has failed. `error` is the attempt's, or what went wrong in deciding about it."""

    error: BaseException


class RetryAt(msgspec.Struct, frozen=True):
    """Another attempt is due then."""

    when: Micros


def after_failure(
    policy: StepPolicy, attempt: int, error: BaseException, *, now: Micros, chance: float
) -> GiveUp | RetryAt:
    """Decide. `FatalError`, payload errors, closed streams and primitives in the wrong place are never retried; `RetryableError` always is, while
    attempts are left; of others the policy's `retry_on` decides."""
    if attempt > policy.retries or isinstance(
        error, FatalError | PayloadError | NotAllowedHereError | StreamClosedError
    ):
        return GiveUp(error)
    try:
        if isinstance(error, RetryableError):
            if error.retry_after is not None:
                return RetryAt(deadline(error.retry_after, now))
        elif not wants_retry(policy, error):
            return GiveUp(error)
        return RetryAt(now + backoff_delay(policy, attempt, error, chance))
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # noqa: BLE001 - the user's own predicate or backoff, or retry_after, is wrong
        problem.__cause__ = error
        return GiveUp(problem)
