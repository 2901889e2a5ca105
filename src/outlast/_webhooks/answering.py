"""How a run answers a request: the answer is a chunk of a stream of the run, which whoever waits for it reads."""

from collections.abc import Awaitable
from typing import Any, Final

from outlast._api.chunks import chunk_of
from outlast._api.steps import Step
from outlast._api.where import current_attempt, current_execution
from outlast._api.writable import INTERNAL, done_for
from outlast._registry.definitions import StepDefinition
from outlast._registry.names import definition_place
from outlast._registry.policy import step_policy
from outlast._runtime.attempts import Attempt
from outlast._runtime.streams import CLOSED
from outlast.errors import NotAllowedHereError, StepFailedError, StreamClosedError

ONCE: Final = "Make a webhook with respond='manual', and answer each of its requests once."


def answer_place(run_id: str, ref: str, delivery: str) -> str:
    """Where the answer to a delivery is left, as requests have it."""
    return f"{run_id}/{INTERNAL}answer/{ref}/{delivery}"


def answer_stream(place: str) -> tuple[str, str]:
    """The run and the name of the stream."""
    run_id, _, name = place.partition("/")
    return run_id, name


def respond(place: str | None, response: object) -> Awaitable[None]:
    """Leave an answer; see `WebhookRequest.respond`."""
    if place is None:
        raise NotAllowedHereError("respond()", "on a request that was answered at once", ONCE)
    if current_execution() is not None:
        return _respond_in_workflow(place, response)
    return _respond_in_step(place, response)


async def _respond_in_workflow(place: str, response: object) -> None:
    try:
        await _STEP(place, response)
    except StepFailedError as error:
        if isinstance(error.__cause__, NotAllowedHereError):
            raise error.__cause__ from None
        raise


def _respond_in_step(place: str, response: object) -> Awaitable[None]:
    attempt = current_attempt()
    run_id, name = answer_stream(place)
    if attempt is None or (place and attempt.run.id != run_id):
        where = "outside of a run" if attempt is None else "in another run"
        raise NotAllowedHereError(
            "respond()", where, "Answer in the run that has the webhook, or in a step of it."
        )
    return done_for(attempt, _leave(attempt, name, response))


async def _leave(attempt: Attempt, name: str, response: object) -> None:
    """The stream is closed behind the answer, so a second one is refused wherever it comes from."""
    if not name:  # it came by `resume`: nobody waits
        return
    outlet = attempt.streams.outlet(name)
    try:
        await outlet.put(chunk_of(response, None, attempt.runtime.codec))
        await outlet.close()
    except StreamClosedError as error:
        if error.reason != CLOSED:
            raise
        raise NotAllowedHereError("respond()", "on a request that has an answer", ONCE) from None


async def _answer(place: str, response: Any) -> None:
    await _respond_in_step(place, response)


_NAME: Final = "respond"
# Not registered: a step without a queue is found by the workflow's call alone, and the code of a program, from
# which its version is told, is the program's.
_STEP: Final[Step[[str, Any], None]] = Step(
    StepDefinition(
        name=_NAME,
        fn=_answer,
        is_async=True,
        policy=step_policy(
            _NAME,
            retries=3,
            backoff=1,
            timeout=None,
            retry_on=lambda error: not isinstance(error, NotAllowedHereError),
            queue=None,
        ),
        place=definition_place(_answer),
    ),
    _answer,
)
