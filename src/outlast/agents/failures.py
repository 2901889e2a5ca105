"""Which errors of a model or a tool are worth another attempt, and what the agent sees of one that is not."""

from typing import Any, Final

from pydantic_ai.exceptions import (
    AgentRunError,
    FallbackExceptionGroup,
    ModelAPIError,
    ModelHTTPError,
    UnexpectedModelBehavior,
    UserError,
)

from outlast import FatalError, RetryableError, StepFailedError

PASSING_STATUSES: Final = frozenset({408, 409, 425, 429})
"""Of the statuses below 500 those that may be different in a moment."""
LONGEST_WAIT: Final = 7 * 86_400.0
"""Seconds. A `retry-after` of more says nothing that can be meant: a date as a number, milliseconds for seconds."""


def worth_retrying(error: BaseException) -> bool:
    """Whether the same request may succeed a moment later.

    A provider that is overloaded, limits the rate, cannot be reached or gives nonsense: yes. A request that it refuses,
    a limit of the agent's own, and a mistake in the program: no. Errors of tools: yes, as of any step. Where several
    models were asked, one of them is enough.
    """
    match error:
        case FallbackExceptionGroup():
            return any(worth_retrying(one) for one in error.exceptions)
        case ModelHTTPError():
            hint = error.provider_retry_hint
            passing = error.status_code >= 500 or error.status_code in PASSING_STATUSES
            return passing if hint is None else hint
        case ModelAPIError() | UnexpectedModelBehavior():
            return True
        case UserError() | AgentRunError():
            return False
        case _:
            return True


def asked_to_wait(error: ModelAPIError | FallbackExceptionGroup) -> RetryableError | None:
    """What the attempt raises in place of an error that says when the provider wants to be asked again."""
    later = _retry_after(error) if worth_retrying(error) else None
    return None if later is None else RetryableError(str(error), retry_after=later)


def _retry_after(error: BaseException) -> float | None:
    """In how many seconds; `None` if nobody has said so in earnest. Of several models the soonest counts."""
    match error:
        case FallbackExceptionGroup():
            asked = [_retry_after(one) for one in error.exceptions if worth_retrying(one)]
            known = [one for one in asked if one is not None]
            return min(known) if len(known) == len(asked) else None
        case ModelAPIError(retry_after=float() | int() as asked_for):
            return asked_for if 0 <= asked_for <= LONGEST_WAIT else None
        case _:
            return None


def as_agents_error(failed: StepFailedError) -> BaseException:
    """What the agent sees of a step that has failed: errors that Pydantic AI knows as themselves, so that it can go
    to another model, and those who catch them find them; others as the failed step."""
    error = failed.__cause__
    if isinstance(error, RetryableError) and error.__cause__ is not None:
        error = error.__cause__
    match error:
        case FallbackExceptionGroup():
            members = [_with_status(one) for one in error.exceptions]
            error = FallbackExceptionGroup(error.message, members)
        case AgentRunError() | UserError():
            error = _with_status(error)
        case _:
            return failed
    error.add_note(f"step {failed.step!r} has failed, after {failed.attempts} attempt(s)")
    return error


def _with_status(error: Exception) -> Exception:
    """The error as it was raised. Errors that are both of a category and of a status have the name of their category: so
    what is recorded is that class, which knows no status."""
    told = vars(error)
    if isinstance(error, ModelHTTPError) or "status_code" not in told:
        return error
    category: Any = type(error)
    found = ModelHTTPError.for_category(
        category, status_code=told["status_code"], model_name=told["model_name"]
    )
    vars(found).update(told)
    found.__cause__ = error.__cause__
    return found


def cannot_be_kept(error: Exception) -> FatalError:
    """The error for a result that has no JSON form. It is not retried: it would be the same again."""
    return FatalError(f"the result cannot be recorded, for it has no JSON form: {error}")
