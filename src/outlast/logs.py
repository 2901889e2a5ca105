"""Logs that tell which run and which step they come from, through the standard `logging`. It needs no OpenTelemetry."""

import logging

from outlast._api.where import current_attempt, current_execution


class RunFields(logging.Filter):
    """Adds `run_id` and `workflow` to the records of workflows and steps, and to those of steps `step_id` and `attempt`.

    Add it to a handler: `handler.addFilter(RunFields())`. It lets every record pass, changes no field that is there
    already, and adds nothing outside of runs: a format that names the fields needs `defaults`, as
    `logging.Formatter("%(run_id)s %(message)s", defaults={"run_id": "-"})`. Also in the threads of `def` steps.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _fields().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def _fields() -> dict[str, str | int]:
    if (execution := current_execution()) is not None:
        return {"run_id": execution.run_id, "workflow": execution.definition.name}
    if (attempt := current_attempt()) is not None:
        return {
            "run_id": attempt.run.id,
            "workflow": attempt.run.workflow,
            "step_id": attempt.command.ref,
            "attempt": attempt.command.attempt,
        }
    return {}
