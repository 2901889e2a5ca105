"""Errors carry typed data, and what a `match` on them leaves over is known."""

from typing import assert_never, reveal_type

from outlast.errors import (
    EncodeError,
    OutlastError,
    RetryableError,
    RunError,
    RunFailedError,
    StepFailedError,
    StepTimeoutError,
)


def fields(failed: StepFailedError, encode: EncodeError, any_error: OutlastError) -> None:
    reveal_type(failed.attempts)  # revealed: int
    reveal_type(failed.error_traceback)  # revealed: str
    reveal_type(encode.path)  # revealed: str
    reveal_type(any_error.hint)  # revealed: str | None
    reveal_type(any_error.slug)  # revealed: str
    _ = failed.attempt  # error


def a_run_error_knows_its_run(error: RunError) -> str:
    if isinstance(error, RunFailedError):
        reveal_type(error)  # revealed: RunFailedError
        return error.workflow
    return error.run_id


def a_timeout_is_a_timeout(error: StepTimeoutError) -> TimeoutError:
    return error


def what_is_left(error: StepFailedError | StepTimeoutError) -> None:
    match error:
        case StepFailedError():
            pass
        case StepTimeoutError():
            pass
        case other:
            assert_never(other)


def making() -> None:
    RetryableError("later", retry_after="5m")
    RetryableError("later", "5m")  # error
    StepFailedError("charge", "charge#1", 4)  # error
