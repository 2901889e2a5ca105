"""Looking at what a process has defined, and at what a log has recorded: for tools."""

from datetime import timedelta
from typing import Any

import msgspec

from outlast._api.tolerance import side_effects_tolerated
from outlast._api.workflows import Workflow
from outlast._codec import Codec, ErrorText
from outlast._registry.check import check_workflow
from outlast._registry.check_finding import Finding
from outlast._registry.durations import duration
from outlast._registry.registry import REGISTRY

__all__ = [
    "ErrorText",
    "Finding",
    "check",
    "error_text",
    "length_of_time",
    "side_effects_tolerated",
    "step_count",
    "workflow_place",
    "workflows",
]

_CODEC = Codec()


def workflows() -> tuple[Workflow[..., Any], ...]:
    """The workflows that are defined in this process, sorted by name."""
    definitions = REGISTRY.workflows
    return tuple(Workflow(definitions[name], definitions[name].fn) for name in sorted(definitions))


def step_count() -> int:
    """How many steps are defined in this process."""
    return len(REGISTRY.steps)


def workflow_place(workflow: Workflow[..., Any]) -> tuple[str, int]:
    """The file and the line of a workflow's function."""
    place = workflow.__outlast_definition__.place
    return place.file, place.line


def check(workflow: Workflow[..., Any]) -> tuple[Finding, ...]:
    """All that the determinism check has to say about a workflow, warnings included, by place."""
    return check_workflow(workflow.fn, warnings=True)


def error_text(form: object) -> ErrorText:
    """The texts of a recorded error, given as the JSON that an event has of it.

    Needs none of its classes. Raises `DecodeError` if it is no error.
    """
    return _CODEC.describe_error(msgspec.Raw(msgspec.json.encode(form)))


def length_of_time(text: str) -> timedelta:
    """What `"90s"`, `"1h 30m"` or `"3 days"` mean. Raises `InvalidDurationError`."""
    return timedelta(microseconds=duration(text))
