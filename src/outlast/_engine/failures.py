"""The errors that a workflow's code sees, made from recorded events."""

from outlast._codec import Codec
from outlast._engine.commands import Asked, StartChild
from outlast._model.events import ChildFailed, Payload, StepFailed
from outlast.errors import RunError, RunFailedError, StepFailedError


def step_failed_error(event: StepFailed, codec: Codec) -> StepFailedError:
    """The error of a step that is out of attempts, with the last attempt's error as its cause."""
    text = codec.describe_error(event.error)
    error = StepFailedError(
        event.name,
        event.id,
        event.attempt,
        error_type=text.type,
        error_message=text.message,
        error_traceback=text.traceback,
    )
    error.__cause__ = codec.decode_error(event.error)
    return error


def child_failed_error(event: ChildFailed, command: Asked, codec: Codec) -> RunError:
    """The error of a child that has failed, with its workflow's error as the cause."""
    workflow = command.request.workflow if isinstance(command, StartChild) else ""
    return run_failed_error(event.run_id, workflow, event.error, codec)


def run_failed_error(
    run_id: str, workflow: str, payload: Payload | bytes, codec: Codec
) -> RunError:
    """The error of a failed run. An error that speaks of this run itself is given as it is."""
    cause = codec.decode_error(payload)
    if isinstance(cause, RunError) and cause.run_id == run_id:
        return cause
    text = codec.describe_error(payload)
    error = RunFailedError(
        run_id,
        workflow,
        error_type=text.type,
        error_message=text.message,
        error_traceback=text.traceback,
    )
    error.__cause__ = cause
    if text.traceback:
        error.add_note(f"In the workflow:\n{text.traceback}")
    return error
