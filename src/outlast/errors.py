"""Every error that Outlast raises.

    OutlastError
    ├── FatalError                     raised by steps: do not retry
    ├── RetryableError                 raised by steps: retry, perhaps not before some time
    ├── DefinitionError                a workflow or step that cannot be one
    │   ├── DuplicateNameError
    │   └── SideEffectError            the determinism check found side effects in a workflow
    ├── InvalidArgumentsError          the arguments do not fit the signature
    ├── InvalidDurationError           not a length of time or a point in time
    ├── NotAllowedHereError            a primitive used where it has no meaning
    ├── NotDurableError                workflow code touched the outside world
    ├── NonDeterminismError            the code asked for something else than the log has
    ├── PayloadError
    │   ├── EncodeError
    │   ├── DecodeError
    │   └── PayloadTooLargeError
    ├── RecordedError                  stands for a recorded error whose class is not known here
    ├── StepFailedError                a step is out of attempts; raised in the workflow
    ├── StepTimeoutError               the error of one attempt that ran too long
    ├── RunError                       what became of a run, raised where its result is awaited
    │   ├── RunFailedError
    │   ├── RunCancelledError
    │   ├── RunBlockedError
    │   └── RecoveryLimitError
    ├── RunNotFoundError
    ├── HookError                      a hook, seen from either side
    │   ├── HookNotFoundError
    │   ├── HookPayloadError           the payload does not fit the schema
    │   ├── HookConflictError          another hook has the token; raised in the workflow
    │   └── HookExpiredError           its time came first; raised in the workflow
    ├── RequestError                   a request over HTTP cannot be served as it is
    │   ├── AccessDeniedError
    │   ├── SignatureError             a request to a webhook is not signed as it must be
    │   └── WorkflowNotFoundError
    ├── StreamClosedError              nothing more can be written to a stream
    ├── SettingsError
    ├── NoAppError
    └── WorldError                     the world cannot be used
        ├── WorldUnavailableError      for now: locked, full, unreachable; retried
        ├── WorldCorruptError
        └── SchemaVersionError

Each error says what happened, why, and what to do; carries its data as attributes; and has a `slug`
which names its page, `docs/errors/<slug>.md`; `outlast explain <slug>` prints it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class OutlastError(Exception):
    """The base of all errors of this library."""

    slug: ClassVar[str] = "outlast"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def docs(self) -> str:
        """The command that prints the page about this kind of error."""
        return f"outlast explain {self.slug}"

    def __str__(self) -> str:
        message = str(self.args[0]) if self.args else type(self).__name__
        return f"{message}\n  {self.hint}" if getattr(self, "hint", None) else message


class FatalError(OutlastError):
    """Raise it in a step to fail the step at once, without another attempt."""

    slug = "fatal"

    def __init__(self, message: str = "the step failed for good") -> None:
        super().__init__(message)


class RetryableError(OutlastError):
    """Raise it in a step to say when the next attempt may start.

    `retry_after` is a number of seconds, a text such as `"5m"`, a `timedelta` or an aware
    `datetime`; `None` leaves the time to the step's backoff.
    """

    slug = "retryable"

    def __init__(self, message: str = "try again", *, retry_after: Any = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DefinitionError(OutlastError):
    """A function cannot be a workflow or a step as it is written."""

    slug = "definition"

    def __init__(self, name: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"{name}: {problem}", hint=hint)
        self.name, self.problem = name, problem


class DuplicateNameError(DefinitionError):
    """Two definitions have one name, so a log could not tell them apart."""

    slug = "duplicate-name"

    def __init__(self, kind: str, name: str, first: str, second: str) -> None:
        super().__init__(
            name,
            f"two {kind}s have this name: {first} and {second}",
            hint=f"Rename one function, or give it a name of its own: @{kind}(name='...').",
        )
        self.first, self.second = first, second


class SideEffectError(DefinitionError):
    """Workflow code does something that would be done again at every replay."""

    slug = "side-effect"

    def __init__(self, workflow: str, findings: Sequence[str]) -> None:
        listed = "\n".join(f"    {finding}" for finding in findings)
        super().__init__(
            workflow,
            f"the workflow has side effects, which replay would repeat:\n{listed}",
            hint="Move each into a step: a function decorated with @step, awaited from the workflow.",
        )
        self.findings = tuple(findings)


class InvalidArgumentsError(OutlastError):
    """The arguments of a call do not fit the signature; nothing was started or recorded."""

    slug = "invalid-arguments"

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        listed = "; ".join(problems)
        super().__init__(
            f"{name}() cannot be called with these arguments: {listed}",
            hint="Nothing was started. Correct the arguments, or the annotations of the function.",
        )
        self.name, self.problems = name, tuple(problems)


class InvalidDurationError(OutlastError):
    """A value is neither a length of time nor a point in time."""

    slug = "invalid-duration"

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(
            f"{value!r} is not a time: {reason}",
            hint="Give seconds, a text such as '1h 30m' or '3 days', a timedelta, or an aware datetime.",
        )
        self.value = value
        self.reason = reason


class NotAllowedHereError(OutlastError):
    """A primitive was used in a place where it has no meaning."""

    slug = "not-allowed-here"

    def __init__(self, what: str, where: str, instead: str) -> None:
        super().__init__(f"{what} cannot be used {where}", hint=instead)
        self.what, self.where = what, where


class NotDurableError(OutlastError):
    """Workflow code reached for something that cannot be recorded and replayed."""

    slug = "not-durable"

    def __init__(self, what: str, instead: str = "Move this into a step.") -> None:
        super().__init__(
            f"workflow code used {what}, which replay would do again with another outcome",
            hint=instead,
        )
        self.what = what


class NonDeterminismError(OutlastError):
    """On replay the workflow's code did not ask for what its log has recorded.

    The run becomes `blocked`; its log is untouched. With `verified`, nothing has changed since: the code
    was replayed at once, to verify that it is deterministic, and did something else than at first.
    """

    slug = "non-determinism"

    def __init__(
        self, run_id: str, *, position: int, recorded: str, asked: str, verified: bool = False
    ) -> None:
        what = (
            "is not deterministic: replayed at once for verification, its code did something else"
            if verified
            else "does not fit its log"
        )
        super().__init__(
            f"run {run_id!r} {what} at position {position}\n"
            f"    recorded: {recorded}\n"
            f"    asked:    {asked}",
            hint="Look for what differs from one execution to the next (the order of a set, a global, "
            "something from outside) and move it into a step."
            if verified
            else "Make the code fit again and start a worker with it. If the source of the workflow itself "
            f"is the same as now, wake the run then: outlast wake {run_id}. "
            f"Or cancel it: outlast cancel {run_id}.",
        )
        self.run_id, self.position = run_id, position
        self.recorded, self.asked, self.verified = recorded, asked, verified


class PayloadError(OutlastError):
    """A value cannot be stored, or stored bytes cannot be read."""

    slug = "payload"


class EncodeError(PayloadError):
    """A value has a part that has no durable form. `path` leads to it: `$.items[3].client`."""

    slug = "encode"

    def __init__(
        self,
        path: str,
        value_type: str,
        reason: str,
        *,
        what: str = "value",
        hint: str | None = None,
    ) -> None:
        super().__init__(
            f"the {what} cannot be stored: at {_shortened(path)} it is of the type {value_type}, {reason}",
            hint=hint
            or "Pass JSON types, dataclasses, pydantic models, attrs or msgspec classes, "
            "datetimes, or register the class: Codec().register(...).",
        )
        self.path, self.value_type, self.what = path, value_type, what


def _shortened(path: str) -> str:
    """Without its middle, if it is so long that nobody would read it."""
    return path if len(path) <= 120 else f"{path[:50]} ... {path[-50:]}"


class DecodeError(PayloadError):
    """Stored bytes cannot be turned back into a value in this process."""

    slug = "decode"

    def __init__(
        self,
        path: str,
        reason: str,
        *,
        hint: str = "Import the module that defines the class before the run is read or resumed.",
    ) -> None:
        super().__init__(f"a stored value cannot be read: at {path} {reason}", hint=hint)
        self.path, self.reason = path, reason


class PayloadTooLargeError(PayloadError):
    """An encoded value is above the limit. Sizes are in bytes."""

    slug = "payload-too-large"

    def __init__(self, size: int, limit: int, *, what: str = "value") -> None:
        super().__init__(
            f"the {what} takes {size:,} bytes when stored; the limit is {limit:,}",
            hint="Store the data elsewhere and pass a reference to it, or raise the limit: App(codec=Codec(limit=...)).",
        )
        self.size, self.limit, self.what = size, limit, what


class RecordedError(OutlastError):
    """Stands for a recorded error whose class this process does not know, or cannot rebuild.

    It tells of that error as text.
    """

    slug = "recorded"

    def __init__(self, error_type: str, error_message: str, error_traceback: str = "") -> None:
        super().__init__(_told(error_type, error_message))
        self.error_type, self.error_message = error_type, error_message
        self.error_traceback = error_traceback


class StepFailedError(OutlastError):
    """A step is out of attempts, or failed for good. `__cause__` is the last attempt's error.

    `error_type`, `error_message` and `error_traceback` tell of that error as text even where its
    class is not known to this process.
    """

    slug = "step-failed"

    def __init__(
        self,
        step: str,
        step_id: str,
        attempts: int,
        *,
        error_type: str,
        error_message: str,
        error_traceback: str = "",
    ) -> None:
        tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        super().__init__(
            f"step {step!r} ({step_id}) failed after {tries}: {_told(error_type, error_message)}"
        )
        self.step, self.step_id, self.attempts = step, step_id, attempts
        self.error_type, self.error_message = error_type, error_message
        self.error_traceback = error_traceback


class StepTimeoutError(OutlastError, TimeoutError):
    """One attempt of a step took longer than the step's `timeout`. Retried as other errors are."""

    slug = "step-timeout"

    def __init__(self, step: str, seconds: float, *, still_running: bool = False) -> None:
        super().__init__(
            f"an attempt of step {step!r} took longer than {seconds:g} s",
            hint="Its thread cannot be stopped and still runs; its outcome will be ignored."
            if still_running
            else None,
        )
        self.step, self.seconds, self.still_running = step, seconds, still_running


class RunError(OutlastError):
    """A run did not end with a result."""

    slug = "run"

    def __init__(self, run_id: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.run_id = run_id


class RunFailedError(RunError):
    """The workflow raised. `__cause__` is its error where its class is known to this process."""

    slug = "run-failed"

    def __init__(
        self,
        run_id: str,
        workflow: str,
        *,
        error_type: str,
        error_message: str,
        error_traceback: str = "",
    ) -> None:
        super().__init__(
            run_id, f"run {run_id!r} of {workflow!r} failed: {_told(error_type, error_message)}"
        )
        self.workflow = workflow
        self.error_type, self.error_message = error_type, error_message
        self.error_traceback = error_traceback


class RunCancelledError(RunError):
    """The run was cancelled."""

    slug = "run-cancelled"

    def __init__(self, run_id: str, reason: str | None = None) -> None:
        super().__init__(
            run_id, f"run {run_id!r} was cancelled" + (f": {reason}" if reason else "")
        )
        self.reason = reason


class RunBlockedError(RunError):
    """The run's code does not fit its log, or needs a setting that its worker does not have. It is kept as it is
    until it can go on."""

    slug = "run-blocked"

    def __init__(self, run_id: str, problem: str) -> None:
        super().__init__(
            run_id,
            f"run {run_id!r} is blocked:\n    {problem}"
            if problem
            else f"run {run_id!r} is blocked",
        )
        self.problem = problem


class RecoveryLimitError(RunError):
    """The workers that ran this run kept dying, so it was failed rather than tried for ever.

    With a `step`, it is that step which was failed: the workers of its queue kept dying while they
    made its attempt. It is the cause of the `StepFailedError` then.
    """

    slug = "recovery-limit"

    def __init__(self, run_id: str, recoveries: int, *, step: str | None = None) -> None:
        did = "ran it" if step is None else "made its attempt"
        dead = f"{recoveries} workers in a row died while they {did}"
        if recoveries == 1:
            dead = f"the worker that {did} died"
        super().__init__(
            run_id,
            f"run {run_id!r} was failed: {dead}, and no progress was recorded"
            if step is None
            else f"step {step!r} of run {run_id!r} was failed: {dead}",
            hint="Its log is kept: look at the steps that had started in it.",
        )
        self.recoveries, self.step = recoveries, step


class RunNotFoundError(OutlastError):
    """No run has this id."""

    slug = "run-not-found"

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"there is no run {run_id!r}",
            hint="Check the id, and that this is the database which the run was started on.",
        )
        self.run_id = run_id


class StreamClosedError(OutlastError):
    """Nothing more can be written to a stream from here. A step that raises it is not retried."""

    slug = "stream-closed"

    def __init__(self, run_id: str, name: str, reason: str) -> None:
        super().__init__(
            f"nothing can be written to stream {name!r} of run {run_id!r}: {reason}",
            hint="Close a stream in the step that writes last, or leave it to the end of the run.",
        )
        self.run_id, self.name, self.reason = run_id, name, reason


class RequestError(OutlastError):
    """A request over HTTP cannot be served as it is: nothing came of it. `status` is HTTP's."""

    slug = "request"

    def __init__(self, problem: str, *, status: int = 400, hint: str | None = None) -> None:
        super().__init__(problem, hint=hint)
        self.problem, self.status = problem, status


class AccessDeniedError(RequestError):
    """Who asks over HTTP may not. `status` is 401 where a token is missing or unknown, otherwise 403."""

    slug = "access-denied"

    def __init__(self, problem: str, *, status: int = 403, hint: str | None = None) -> None:
        super().__init__(problem, status=status, hint=hint)


class SignatureError(RequestError):
    """A request to a webhook is not from whom it must be from, was changed on its way, or is too old. `problem`
    says what is wrong, without secrets. Nothing was recorded."""

    slug = "signature"

    def __init__(self, problem: str, *, hint: str | None = None) -> None:
        super().__init__(problem, status=401, hint=hint)


class WorkflowNotFoundError(RequestError):
    """The process that serves HTTP does not have the workflow that is to be started."""

    slug = "workflow-not-found"

    def __init__(self, workflow: str) -> None:
        super().__init__(
            f"there is no workflow {workflow!r} in the process that serves this API",
            status=404,
            hint="Import the module that defines it where the API is served: outlast serve MODULE.",
        )
        self.workflow = workflow


class HookError(OutlastError):
    """A hook cannot do what was asked of it."""

    slug = "hook"


class HookNotFoundError(HookError):
    """No live hook has this token: it is unknown, or the hook was disposed of, has expired, or its run ended."""

    slug = "hook-not-found"

    def __init__(self, token: str) -> None:
        super().__init__(
            "no live hook has this token",
            hint="It may be mistyped, or of another database; or the hook was disposed of, has expired, or its run "
            "has ended. `outlast hooks` lists those that are live.",
        )
        self.token = token


class HookPayloadError(HookError):
    """The payload does not fit the schema of the hook. Raised by `resume` and `start`, which have then done nothing."""

    slug = "hook-payload"

    def __init__(self, problems: Sequence[str], details: Sequence[Mapping[str, Any]] = ()) -> None:
        listed = "".join(f"\n    {problem}" for problem in problems)
        super().__init__(
            f"the payload does not fit the schema of the hook:{listed}",
            hint="Correct the payload. The hook's record has the schema: (await app.get_hook(token)).schema.",
        )
        self.problems = tuple(problems)
        self.details = tuple(details)
        """The same for programs, as pydantic has it: where (`loc`), what (`msg`), and of which `type`."""


class HookConflictError(HookError):
    """Another live hook has the token, so this one can receive nothing. `run_id` is that one's run."""

    slug = "hook-conflict"

    def __init__(self, token: str, run_id: str) -> None:
        super().__init__(
            f"the token {token!r} belongs to a live hook of run {run_id!r}",
            hint="Ask before: `owner = await h.conflict()` gives that run, or None.",
        )
        self.token, self.run_id = token, run_id


class HookExpiredError(HookError):
    """The hook has expired, and all that it had received has been taken."""

    slug = "hook-expired"

    def __init__(self, hook: str) -> None:
        super().__init__(f"hook {hook} has expired")
        self.hook = hook


class SettingsError(OutlastError):
    """A setting has a value that cannot be used. `source` tells where it was set. `value` is `...` where
    there is none, because it cannot be read."""

    slug = "settings"

    def __init__(
        self, setting: str, value: object, source: str, reason: str, *, hint: str | None = None
    ) -> None:
        written = setting if value is ... else f"{setting} = {value!r}"
        super().__init__(f"{written} ({source}) cannot be used: {reason}", hint=hint)
        self.setting, self.value, self.source, self.reason = setting, value, source, reason


class NoAppError(OutlastError):
    """A call needs an app, and none is open here. `elsewhere` says that one is open on another event loop."""

    slug = "no-app"

    def __init__(self, what: str, *, elsewhere: bool = False, needed: str = "an open app") -> None:
        problem = f"{what} needs {needed}, and there is none here"
        hint = "Open one around it: async with App(): ... (without await: with outlast.blocking.opened(App()): ...)."
        if elsewhere:
            problem = (
                f"{what} needs an app that was opened on this event loop; one is open on another"
            )
            hint = (
                "Call it on the loop that opened the app; from other threads use outlast.blocking."
            )
        super().__init__(problem, hint=hint)
        self.what, self.elsewhere = what, elsewhere


class WorldError(OutlastError):
    """The world (the database) cannot be used. `url` names it, without secrets."""

    slug = "world"

    def __init__(self, url: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"{url}: {message}", hint=hint)
        self.url = url


class WorldUnavailableError(WorldError):
    """The world cannot be used for now: locked, full or unreachable. Running workers try again."""

    slug = "world-unavailable"


class WorldCorruptError(WorldError):
    """The file is damaged or is not a database of this library."""

    slug = "world-corrupt"


class SchemaVersionError(WorldError):
    """The database was written by a newer version of the library."""

    slug = "schema-version"

    def __init__(self, url: str, *, found: int, known: int, library: str) -> None:
        super().__init__(
            url,
            f"the schema is version {found}; this library (outlast {library}) knows up to {known}",
            hint="Upgrade the library in this process, or use another database.",
        )
        self.found, self.known, self.library = found, known, library


def _told(error_type: str, error_message: str) -> str:
    """Many errors have no message, as the `TimeoutError` of `asyncio.timeout`."""
    return f"{error_type}: {error_message}" if error_message else error_type
