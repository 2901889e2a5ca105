"""Durable execution for Python: async functions that outlast crashes, restarts, deploys and long waits."""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from outlast._api.app import App
    from outlast._api.calls import Call
    from outlast._api.hooks import hook
    from outlast._api.listing import get_run, list_runs
    from outlast._api.options import WorkerOptions
    from outlast._api.primitives import (
        now,
        random,
        run_info,
        set_attributes,
        sleep,
        step_info,
        uuid4,
    )
    from outlast._api.resuming import resume
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

_HOMES: _typing.Final = {
    "App": "outlast._api.app",
    "Call": "outlast._api.calls",
    "Codec": "outlast._codec",
    "FatalError": "outlast.errors",
    "OutlastError": "outlast.errors",
    "RetryableError": "outlast.errors",
    "Run": "outlast._api.runs",
    "RunCancelledError": "outlast.errors",
    "RunFailedError": "outlast.errors",
    "RunStatus": "outlast._model.runs",
    "Step": "outlast._api.steps",
    "StepFailedError": "outlast.errors",
    "WorkerOptions": "outlast._api.options",
    "Workflow": "outlast._api.workflows",
    "get_run": "outlast._api.listing",
    "hook": "outlast._api.hooks",
    "list_runs": "outlast._api.listing",
    "now": "outlast._api.primitives",
    "random": "outlast._api.primitives",
    "resume": "outlast._api.resuming",
    "run_info": "outlast._api.primitives",
    "set_attributes": "outlast._api.primitives",
    "sleep": "outlast._api.primitives",
    "start": "outlast._api.starting",
    "step": "outlast._api.steps",
    "step_info": "outlast._api.primitives",
    "uuid4": "outlast._api.primitives",
    "webhook": "outlast.webhooks",
    "workflow": "outlast._api.workflows",
    "writable": "outlast.streams",
}
"""Where the names are. Their modules are imported when they are asked for: the command line, a program that only
reads `outlast.errors`, and one without webhooks import no more than they use."""

_PUBLIC: _typing.Final = frozenset(
    {"errors", "instrument", "records", "streams", "webhooks", "world"}
)
"""The modules that are there as soon as the package is imported, by `outlast.errors`."""

if not _typing.TYPE_CHECKING:  # to a type checker it would be a promise that there is any name

    def __getattr__(name: str) -> _typing.Any:
        if name in _PUBLIC:
            return _importlib.import_module(f"outlast.{name}")
        if name not in _HOMES:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        found = globals()[name] = getattr(_importlib.import_module(_HOMES[name]), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_PUBLIC})
