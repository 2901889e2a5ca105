"""A message as server-sent events."""

from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final, cast

import msgspec

from outlast import Run, RunStatus
from outlast.agents.ui.assembling import assemble
from outlast.agents.ui.chunks import Abort, Chunk, Error, Finish, FinishStep, StartStep, wire
from outlast.agents.ui.replies import FAILED
from outlast.agents.ui.writing import OWNER, STREAMS

DONE: Final = b"data: [DONE]\n\n"
NOTHING: Final = wire(Finish())
"""What ends a response for those who wait for the end of a message and not for that of the response."""

Form = dict[str, Any]


async def read_message(run: Run[Any], reply: str, start: int = 0) -> AsyncGenerator[Form]:
    """The chunks of a message from index `start` on, in their JSON form, until the message is finished or waits for an
    approval. The last one is always `finish`.

    A message whose run has ended before it did ends as stopped, or as failed. A `finish` behind which the message went
    on, when an approval had come, is a `finish-step` for who reads it later: it is not the end.
    """
    name, at = STREAMS + reply, start
    async for form in run.stream(name, start):
        match form["type"]:
            case "finish":
                if (await run.stream_info(name)).tail == at:
                    yield form
                    return
                yield _FINISH_STEP
            case "start-step":
                yield _START_STEP
            case _:
                yield _for_the_wire(form)
        at += 1
    async for form in _epilogue(run, name, start):
        yield form


async def _epilogue(run: Run[Any], name: str, start: int) -> AsyncGenerator[Form]:
    """What comes behind the last chunk there is, if that is not the end of a message; with indexes, as if it were stored."""
    tail = (await run.stream_info(name)).tail
    last = [one async for one in run.stream(name, -1, follow=False)]
    if last and last[0]["type"] == "finish":
        yield NOTHING
        return
    stopped = await run.status() is RunStatus.CANCELLED
    ending: tuple[Chunk, Chunk] = (
        (Abort(reason="stopped"), Finish(finish_reason="other"))
        if stopped
        else (Error(error_text=FAILED), Finish(finish_reason="error"))
    )
    for chunk in ending[min(max(0, start - tail - 1), 1) :]:
        yield wire(chunk)


async def whole_message(run: Run[Any], reply: str) -> Form:
    """A message as far as it has come, in the form in which clients keep it."""
    stored = run.stream(STREAMS + reply, follow=False)
    forms: list[Form] = [_for_the_wire(one) async for one in stored]
    parts, metadata = assemble(forms)
    told: Form = {"id": reply, "role": "assistant", "parts": parts}
    return told if metadata is None else told | {"metadata": metadata}


async def frames(forms: AsyncGenerator[Form]) -> AsyncGenerator[bytes]:
    """The chunks as events."""
    try:
        async for form in forms:
            yield b"data: %s\n\n" % to_json(form)
    finally:
        await forms.aclose()
    yield DONE


def _for_the_wire(form: Form) -> Form:
    return {key: value for key, value in form.items() if key != OWNER} if OWNER in form else form


def to_json(form: Any) -> bytes:
    """As JSON that all clients can read. A text that a tool or a model gives is stored whatever it is, but a lone surrogate
    has no UTF-8 form: it is told as U+FFFD, and does not cost the message."""
    try:
        return msgspec.json.encode(form)
    except UnicodeEncodeError:
        return msgspec.json.encode(_readable(form))


def _readable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_readable(key): _readable(one) for key, one in cast("Form", value).items()}
        case list():
            members = cast("Iterable[Any]", value)
            return [_readable(one) for one in members]
        case _:
            return value


async def only(*forms: Form) -> AsyncGenerator[Form]:
    """These chunks."""
    for form in forms:
        yield form


_FINISH_STEP: Final = wire(FinishStep())
_START_STEP: Final = wire(StartStep())
