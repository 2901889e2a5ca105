"""Durable execution for Python: async functions that outlast crashes, restarts, deploys and long waits."""

import importlib as _importlib
import typing as _typing

from outlast._api.app import App
from outlast._api.calls import Call
from outlast._api.hooks import hook, resume
from outlast._api.listing import get_run, list_runs
from outlast._api.options import WorkerOptions
from outlast._api.primitives import now, random, run_info, set_attributes, sleep, step_info, uuid4
from outlast._api.runs import Run
from outlast._api.starting import start
from outlast._api.steps import Step, step
from outlast._api.workflows import Workflow, workflow
from outlast._codec import Codec
from outlast._model.runs import RunStatus
from outlast.errors import (
    FatalError,
    OutlastError,
    RetryableError,
    RunCancelledError,
    RunFailedError,
    StepFailedError,
)
from outlast.streams import writable

if _typing.TYPE_CHECKING:
    from outlast.webhooks import webhook

__all__ = [
    "App",
    "Call",
    "Codec",
    "FatalError",
    "OutlastError",
    "RetryableError",
    "Run",
    "RunCancelledError",
    "RunFailedError",
    "RunStatus",
    "Step",
    "StepFailedError",
    "WorkerOptions",
    "Workflow",
    "get_run",
    "hook",
    "list_runs",
    "now",
    "random",
    "resume",
    "run_info",
    "set_attributes",
    "sleep",
    "start",
    "step",
    "step_info",
    "uuid4",
    "webhook",
    "workflow",
    "writable",
]

_LATER: _typing.Final = {"webhook": "outlast.webhooks"}
"""Names and their modules, which are imported when somebody asks for the name: few programs have webhooks."""

if not _typing.TYPE_CHECKING:  # to a type checker it would be a promise that there is any name

    def __getattr__(name: str) -> _typing.Any:
        if name not in _LATER:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        return getattr(_importlib.import_module(_LATER[name]), name)
