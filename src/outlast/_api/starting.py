"""`start`, inside and outside of workflows."""

from collections.abc import Awaitable, Mapping
from types import CoroutineType
from typing import Any, Final, TypedDict, TypeVar

import msgspec

from outlast._api.ambient import ambient_app, while_open
from outlast._api.attributes import checked_attributes
from outlast._api.calls import Call, child_request, encode_call
from outlast._api.resuming import NO_PAYLOAD, create_with_payload
from outlast._api.runs import Run, checked_run_id
from outlast._api.tokens import checked_token
from outlast._api.where import current_execution
from outlast._api.workflows import Workflow
from outlast._codec import encode_event
from outlast._engine.execution import Execution
from outlast._engine.lines import calling_line
from outlast._ids import key_run_id, new_run_id, new_secret
from outlast._model.events import RunCreated
from outlast._model.runs import Attributes, AttributeValue
from outlast._registry.durations import TimeLike, deadline
from outlast._registry.names import LONGEST_NAME, is_name
from outlast._runtime.runtime import Runtime
from outlast.errors import InvalidArgumentsError, NotAllowedHereError
from outlast.instrument import Undertaking
from outlast.world import Created, RunDraft

R = TypeVar("R")

_MAX_PRIORITY: Final = 2**31
_TEXTS: Final = {"queue": LONGEST_NAME, "version": LONGEST_NAME, "idempotency_key": 500}
"""The options that are texts, and how long they may be."""


class StartKeywords(TypedDict, total=False):
    """What `start` takes beside the call; see there."""

    run_id: str | None
    idempotency_key: str | None
    attributes: Mapping[str, AttributeValue] | None
    priority: int | None
    queue: str | None
    delay: TimeLike | None
    version: str | None
    token: str | None
    payload: Any


class StartOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to start a run, checked."""

    run_id: str | None
    """The chosen id, or that which the idempotency key stands for."""
    idempotency_key: str | None
    attributes: Attributes
    priority: int | None
    queue: str | None
    delay: TimeLike | None
    version: str | None
    token: str | None
    """That of the hook which the payload is for."""
    payload: Any


def start_options(keywords: StartKeywords) -> StartOptions:
    """Check. Raises `TypeError` for an option that there is not, `ValueError` or `EncodeError`."""
    if unknown := sorted(set(keywords) - set(StartKeywords.__annotations__)):
        message = f"start() has no option {unknown[0]!r}; it has {', '.join(StartKeywords.__annotations__)}"
        raise TypeError(message)
    run_id, key = keywords.get("run_id"), keywords.get("idempotency_key")
    if run_id is not None and key is not None:
        raise ValueError("give run_id or idempotency_key, not both")
    token, payload = keywords.get("token"), keywords.get("payload", NO_PAYLOAD)
    if (token is None) != (payload is NO_PAYLOAD):
        raise ValueError("give token and payload together")
    _check_start(keywords)
    if run_id is not None:
        run_id = checked_run_id(run_id)
    elif key is not None:
        run_id = key_run_id(key)
    return StartOptions(
        run_id=run_id,
        idempotency_key=key,
        attributes=checked_attributes(keywords.get("attributes")),
        priority=keywords.get("priority"),
        queue=keywords.get("queue"),
        delay=keywords.get("delay"),
        version=keywords.get("version"),
        token=None if token is None else checked_token(token),
        payload=payload,
    )


async def start(  # noqa: PLR0913 - the options are keywords, and most calls give none
    call: Call[R],
    /,
    *,
    run_id: str | None = None,
    idempotency_key: str | None = None,
    attributes: Mapping[str, AttributeValue] | None = None,
    priority: int | None = None,
    queue: str | None = None,
    delay: TimeLike | None = None,
    version: str | None = None,
    token: str | None = None,
    payload: Any = NO_PAYLOAD,
) -> Run[R]:
    """Start a run of a workflow. Durable on return: the run will be executed, whatever happens.

    Idempotent by `run_id` or `idempotency_key`: starting again with the same one gives the first run and
    starts nothing. In a workflow it starts a child that nobody waits for (detached): it lives on when
    its parent ends or is cancelled. There nobody looks whose run has the id already: it is created in one
    transaction with the parent's log, and one that exists is left alone.

    Args:
        call: The workflow with its arguments: `fulfil(order)`.
        run_id: The id to give the run; a new sortable one by default.
        idempotency_key: A text that stands for this start, from which the run's id is made.
        attributes: Texts, numbers, bools or `None` by name, by which runs are found in lists.
        priority: Runs of a higher priority are claimed first; 0 by default, in a child the parent's.
        queue: The queue whose workers execute the run; `"default"`, in a child the parent's.
        delay: Not to begin before: seconds, a text, a `timedelta`, or an aware `datetime`.
        version: The version of the code to record; by default this process's own.
        token: Start the run together with a payload for the hook with this token, as one: if a live run has such a
            hook, the payload goes to it, and that run is given; otherwise the run is started, and the first hook
            that it opens with this token receives the payload. What else comes for the token goes to it too.
        payload: The payload for it.

    Raises:
        HookPayloadError: The payload does not fit the schema of the live hook. Nothing was started.
        HookNotFoundError: The live hook takes one payload, and has another one. Nothing was started.
        InvalidArgumentsError: The arguments do not fit; or, outside of workflows, the id is that of another
            workflow's run. Nothing was started.
        EncodeError: An argument or attribute cannot be stored. Nothing was started.
        PayloadTooLargeError: The arguments are too large. Nothing was started.
        InvalidDurationError: The delay is no time.
        NoAppError: No app is open.
        ValueError: An id, a key, a queue, a priority, a version or a token that cannot be one.
    """
    _check_call(call)
    options = start_options(
        {
            "run_id": run_id,
            "idempotency_key": idempotency_key,
            "attributes": attributes,
            "priority": priority,
            "queue": queue,
            "delay": delay,
            "version": version,
            "token": token,
            "payload": payload,
        }
    )
    execution = current_execution()
    if execution is not None:
        return await _start_child(execution, call, options, calling_line())
    return await start_on(ambient_app("start()").runtime, call, options)


async def start_on(runtime: Runtime, call: Call[R], options: StartOptions) -> Run[R]:
    """Start on an app from outside of any workflow. Raises `NotAllowedHereError` for what is no call."""
    _check_call(call)
    run_id = options.run_id or new_run_id(runtime.clock.now())
    starting = runtime.observers.starting(run_id, call.workflow)
    answer = await told_of(starting, _create(runtime, run_id, call, options, starting.trace))
    delivered = options.token is not None and answer.run_id != run_id
    if not answer.new and not delivered:
        await check_same_workflow(runtime, answer.run_id, call.workflow)
    return Run(answer.run_id, lambda: while_open(runtime, "this run"))


async def told_of(starting: Undertaking, creating: Awaitable[Created]) -> Created:
    """Create the run, and tell the tracer what came of it."""
    try:
        answer = await creating
    except BaseException:
        starting.end("failed")
        raise
    starting.end("created" if answer.new else "existing", answer.run_id)
    return answer


async def _create(
    runtime: Runtime, run_id: str, call: Call[Any], options: StartOptions, trace: str
) -> Created:
    version = options.version or runtime.version
    delay = _delay(options.delay, runtime.clock.now())
    created = RunCreated(
        workflow=call.workflow,
        version=version,
        input=msgspec.Raw(
            encode_call(call, lambda value, what: runtime.codec.encode(value, what=what))
        ),
        attributes=options.attributes,
        secret=new_secret(),
        trace=trace,
        delay=delay,
    )
    draft = RunDraft(
        id=run_id,
        workflow=call.workflow,
        version=version,
        queue=options.queue or "default",
        priority=options.priority or 0,
        attributes=options.attributes,
        delay=delay,
        created=encode_event(created),
        idempotency_key=options.idempotency_key,
        token=options.token,
    )
    if options.token is None:
        return await runtime.create(draft, created)
    return await create_with_payload(runtime, draft, created, options.payload)


async def check_same_workflow(runtime: Runtime, run_id: str, workflow: str) -> None:
    """A run that exists already is given instead of a new one, but not another workflow's. Raises
    `InvalidArgumentsError`."""
    record = await runtime.world.listing.get(run_id)
    if record is not None and record.workflow != workflow:
        problem = f"the run {run_id!r} exists, and is one of {record.workflow!r}, not {workflow!r}"
        raise InvalidArgumentsError("start", [problem])


async def _start_child(
    execution: Execution, call: Call[R], options: StartOptions, line: str | None
) -> Run[R]:
    if options.token is not None:
        raise NotAllowedHereError(
            "start() with a token",
            "in a workflow",
            "Call it in a step, or await a hook of one's own.",
        )
    request = child_request(
        call,
        execution,
        detached=True,
        run_id=options.run_id,
        attributes=options.attributes,
        queue=options.queue,
        priority=options.priority,
        delay=_delay(options.delay, execution.now()),
        idempotency_key=options.idempotency_key,
        version=options.version,
    )
    run_id: str = await execution.requests.start_child(request, line)
    return Run(run_id, lambda: ambient_app("Run").runtime)


def _check_call(given: object) -> None:
    """The parentheses are easily forgotten. For users without a type checker."""
    if isinstance(given, Call):
        return
    if isinstance(given, Workflow):
        what = f"the workflow {given.name!r} without its arguments"
        hint = f"Call it: start({given.fn.__name__}(...))."
    else:
        what = f"an object of the type {type(given).__name__}"
        if isinstance(given, CoroutineType):  # of a step, or of a function without @workflow
            what += f" ({given.__qualname__})"
        hint = "Pass a call of a function decorated with @workflow: start(fulfil(order))."
    raise NotAllowedHereError(what, "to start a run", hint)


def _check_start(keywords: StartKeywords) -> None:
    """What would be stored and then stop every worker that reads it. For users without a type checker."""
    priority: object = keywords.get("priority")
    if priority is not None and (type(priority) is not int or abs(priority) >= _MAX_PRIORITY):
        message = f"{priority!r} cannot be a priority: it is a whole number within 32 bits"
        raise ValueError(message)
    for name, longest in _TEXTS.items():
        text: object = keywords.get(name)
        if text is not None and not is_name(text, longest):
            message = f"{text!r} cannot be the {name}: it is a text of 1 to {longest} printable characters"
            raise ValueError(message)


def _delay(delay: Any, now: int) -> int:
    return 0 if delay is None else max(0, deadline(delay, now) - now)
