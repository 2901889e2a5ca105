"""`@step`."""

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, update_wrapper
from typing import Any, Final, Generic, ParamSpec, TypeVar, cast, overload

from outlast._api.pending import Pending
from outlast._api.where import current_execution
from outlast._engine.execution import Execution
from outlast._engine.lines import calling_line
from outlast._ids import digest
from outlast._registry.definitions import StepDefinition
from outlast._registry.names import checked_name, definition_name, definition_place
from outlast._registry.policy import (
    DEFAULT_BACKOFF,
    DEFAULT_RETRIES,
    Backoff,
    Delay,
    RetryOn,
    StepPolicy,
    step_policy,
)
from outlast._registry.registry import REGISTRY
from outlast.errors import DefinitionError, InvalidArgumentsError

P = ParamSpec("P")
R = TypeVar("R")

_NO_INPUT: Final = b'{"args":[],"kwargs":{}}'
_NO_INPUT_DIGEST: Final = digest(_NO_INPUT)


class Step(Generic[P, R]):
    """A recorded unit of side effect, made by `@step`.

    Awaited in a workflow, it is run with its retries and its outcome is recorded once: after a crash the
    recorded outcome is given instead of running it again. Anywhere else, the function is just called.
    """

    def __init__(self, definition: StepDefinition, fn: Callable[P, Awaitable[R] | R]) -> None:
        self.__outlast_definition__ = definition
        self.fn: Callable[P, Any] = fn
        """The plain function, to call without any of this."""
        self._named = f"step {definition.name!r}"
        update_wrapper(self, fn)

    @property
    def name(self) -> str:
        """The name under which it is recorded."""
        return self.__outlast_definition__.name

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        """An awaitable of the result. In a workflow raises, when awaited, `StepFailedError` once the step
        is out of attempts, and `EncodeError` if an argument cannot be stored; `InvalidArgumentsError` at once, if the
        function does not take such arguments."""
        execution = current_execution()
        if execution is None:
            call: Any = self._call_plainly(*args, **kwargs)
            call.__qualname__ = self._named  # what Python calls it if it is never awaited
            return cast(Coroutine[Any, Any, R], call)
        definition = self.__outlast_definition__
        try:
            definition.accept(*args, **kwargs)
        except TypeError as error:
            raise InvalidArgumentsError(self.name, [str(error).partition("() ")[2]]) from None
        return StepCall(execution, definition, self._named, args, kwargs, calling_line())

    def __repr__(self) -> str:
        return f"<step {self.name}>"

    async def _call_plainly(self, *args: P.args, **kwargs: P.kwargs) -> R:
        result: Awaitable[R] | R = self.fn(*args, **kwargs)
        if isinstance(result, Awaitable):
            return await cast(Awaitable[R], result)
        return result


class StepCall(Pending[R]):
    """A call of a step in a workflow."""

    __slots__ = ("_args", "_definition", "_kwargs")

    def __init__(
        self,
        execution: Execution,
        definition: StepDefinition,
        what: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        line: str | None,
    ) -> None:
        super().__init__(execution, what, line)
        self._definition, self._args, self._kwargs = definition, args, kwargs

    def _ask(self) -> Awaitable[R]:
        execution = self._execution
        assert execution is not None  # noqa: S101 - given when it was made
        if self._args or self._kwargs:
            call = {"args": list(self._args), "kwargs": self._kwargs}
            payload = execution.encode(call, f"input of {self._what}")
            fingerprint = digest(payload)
        else:
            payload, fingerprint = _NO_INPUT, _NO_INPUT_DIGEST
        return execution.requests.run_step(self._definition, payload, fingerprint, self.line)


class StepDecorator:
    """What `@step(...)` gives."""

    def __init__(self, name: str | None, policy: Callable[[str], StepPolicy]) -> None:
        self._name, self._policy = name, policy
        self._made: Step[..., Any] | None = None
        """The last step, which the registry keeps too."""

    @overload
    def __call__(self, fn: Callable[P, Coroutine[Any, Any, R]], /) -> Step[P, R]: ...

    @overload
    def __call__(self, fn: Callable[P, R], /) -> Step[P, R]: ...

    def __call__(self, fn: Callable[..., Any], /) -> Step[..., Any]:
        """Define the step. Defining it again with the same code, in a function that was made anew for one call, looks
        at neither the function nor the options."""
        plain = fn.__func__ if isinstance(fn, staticmethod) else fn
        known = self._made
        if known is not None and self._name and _is_same_code(plain, known.fn):
            made = self._made = _made_anew(known, plain)
            return made
        _check_function(plain)
        name = checked_name(self._name, plain)
        definition = StepDefinition(
            name=name,
            fn=plain,
            is_async=inspect.iscoroutinefunction(plain),
            policy=self._policy(name),
            place=definition_place(plain),
        )
        REGISTRY.add_step(definition)
        made = self._made = Step(definition, plain)
        return made


@overload
def step(fn: Callable[P, Coroutine[Any, Any, R]], /) -> Step[P, R]: ...


@overload
def step(fn: Callable[P, R], /) -> Step[P, R]: ...


@overload
def step(
    *,
    name: str | None = None,
    retries: int = DEFAULT_RETRIES,
    backoff: Backoff = DEFAULT_BACKOFF,
    timeout: Delay | None = None,
    retry_on: RetryOn | None = None,
    queue: str | None = None,
) -> StepDecorator: ...


def step(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    retries: int = DEFAULT_RETRIES,
    backoff: Backoff = DEFAULT_BACKOFF,
    timeout: Delay | None = None,
    retry_on: RetryOn | None = None,
    queue: str | None = None,
) -> Step[..., Any] | StepDecorator:
    """Make a function, `async def` or `def`, a step. A `def` step runs in a thread.

    Args:
        fn: The function.
        name: What it is recorded as; the qualified name by default.
        retries: Attempts after the first one; 3 by default.
        backoff: The delay before the next attempt: a first delay (1 second by default), which
            doubles each time up to five minutes, with jitter; a list of delays; or a function of the
            failed attempt's number and its error.
        timeout: How long one attempt may take: seconds, a text such as `"30s"`, or a `timedelta`.
        retry_on: Which errors to retry: a class, a tuple of classes, or a predicate. All by default.
        queue: Have the attempts made by workers that serve this queue (`outlast worker --queue gpu`)
            and not by the worker that has the run, which may suspend the run meanwhile.

    Raises:
        DefinitionError: The function or an option cannot be used.
        DuplicateNameError: Another step has the name.
    """
    policy = partial(
        step_policy,
        retries=retries,
        backoff=backoff,
        timeout=timeout,
        retry_on=retry_on,
        queue=queue,
    )
    decorator = StepDecorator(name, policy)
    return decorator if fn is None else decorator(fn)


def _is_same_code(fn: Any, other: Any) -> bool:
    """Whether two functions are one `def`. Of wrapped ones nothing is said: the code is the wrapper's."""
    return getattr(fn, "__code__", None) is other.__code__ and not hasattr(fn, "__wrapped__")


def _made_anew(made: Step[..., Any], fn: Callable[..., Any]) -> Step[..., Any]:
    """The same step with a function of the same code."""
    known = made.__outlast_definition__
    definition = StepDefinition(
        name=known.name, fn=fn, is_async=known.is_async, policy=known.policy, place=known.place
    )
    REGISTRY.add_step(definition)
    again = cast("Step[..., Any]", Step.__new__(Step))
    vars(again).update(vars(made), __outlast_definition__=definition, fn=fn, __wrapped__=fn)
    return again


def _check_function(fn: Any) -> None:
    name = getattr(fn, "__qualname__", repr(fn))
    if not inspect.isfunction(fn):
        problem = f"a step must be a function; this is of the type {type(fn).__name__}"
        hint = "Write @step, or name the options: @step(name='charge', retries=5)."
        raise DefinitionError(name, problem, hint=hint)
    if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        hint = "Return a list, or split the work into several steps."
        raise DefinitionError(name, "a generator cannot be a step: it has many results", hint=hint)
    check_no_self(fn)


def check_no_self(fn: Any) -> None:
    """Refuse methods: an instance would have to be stored with each call."""
    if "." not in definition_name(fn):
        return
    if next(iter(inspect.signature(fn).parameters), None) in ("self", "cls"):
        hint = "Make it a static method or a plain function, and pass what it needs."
        raise DefinitionError(fn.__qualname__, "a method cannot be a step or a workflow", hint=hint)
