"""The arguments of a workflow as they are written on a command line."""

import inspect
import json
import types
import typing
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Annotated, Any, Final, Literal, Union
from uuid import UUID

from outlast import Call
from outlast.cli.problem import Problem
from outlast.cli.targets import AnyWorkflow
from outlast.errors import InvalidArgumentsError

NOTHING_STARTED: Final = "Nothing was started."
_AROUND: Final = 40
"""So many characters are shown before and after the place where JSON is broken."""


def call_with(workflow: AnyWorkflow, tokens: Sequence[str]) -> Call[Any]:
    """The call that the tokens stand for.

    `--name VALUE`, `--name=VALUE` and `name=VALUE` are keyword arguments where the workflow has such a
    parameter, `--flag` and `--no-flag` bools; everything else is a positional argument. A value is JSON if
    it can be read as such and the parameter does not want a text; otherwise it is the text.

    Raises `Problem` with the signature if the arguments do not fit, and for an option that the workflow
    does not have. If one that does not fit looks like JSON and is none, it says where.
    """
    reading = _Reading(workflow)
    args, kwargs = reading.read(tokens)
    try:
        return workflow(*args, **kwargs)
    except InvalidArgumentsError as error:
        if reading.broken:
            raise reading.broken[0] from error
        raise Problem(
            f"the arguments do not fit {signature_text(workflow)}",
            details="\n".join(error.problems),
            hint=NOTHING_STARTED,
        ) from error


def signature_text(workflow: AnyWorkflow) -> str:
    """`fulfil(order: Order, fast: bool = False)`."""
    signature = inspect.signature(workflow.fn)
    bare = signature.replace(return_annotation=inspect.Signature.empty)
    return f"{workflow.name}{bare}"


def broken_json(what: str, error: json.JSONDecodeError, nothing: str) -> Problem:
    """Shows the line, with a mark below the place; `nothing` says that nothing has come of it."""
    line = error.doc.split("\n")[error.lineno - 1]
    start = max(0, error.colno - _AROUND)
    excerpt = line[start : error.colno + _AROUND]
    return Problem(
        f"{what} is no JSON: {error.msg} (line {error.lineno}, column {error.colno})",
        details=f"{excerpt}\n{' ' * (error.colno - 1 - start)}^",
        hint="Put double quotes around names and texts, and single quotes around the whole: "
        f"""'{{"id": 7, "tags": ["new"]}}'. {nothing}""",
    )


class _Reading:
    """Reads tokens by a signature."""

    def __init__(self, workflow: AnyWorkflow) -> None:
        self._workflow = workflow
        self._parameters = inspect.signature(workflow.fn).parameters
        self._hints = _hints(workflow)
        self.broken: list[Problem] = []
        """What there is to say of values that look like JSON and are none."""
        self._others = next(
            (p.name for p in self._parameters.values() if p.kind is p.VAR_KEYWORD), None
        )

    def read(self, tokens: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        rest = list(tokens)
        while rest:
            token = rest.pop(0)
            if token.startswith("--"):
                name, value = self._option(token, rest)
                kwargs[name] = value
            elif (keyword := self._keyword(token)) is not None:
                kwargs[keyword[0]] = keyword[1]
            else:
                args.append(self._value(self._positional(len(args)), token))
        return args, kwargs

    def _option(self, token: str, rest: list[str]) -> tuple[str, Any]:
        written, equals, text = token[2:].partition("=")
        name = written.replace("-", "_")
        if not self._has(name):
            name, negated = name.removeprefix("no_"), name.startswith("no_")
            if negated and not equals and self._is_flag(name):
                return name, False
            raise self._no_such_option(written)
        if equals:
            return name, self._value(name, text)
        if self._is_flag(name):
            return name, True
        if not rest:
            raise Problem(f"--{written} needs a value", hint=self._usage())
        return name, self._value(name, rest.pop(0))

    def _keyword(self, token: str) -> tuple[str, Any] | None:
        name, equals, text = token.partition("=")
        if not equals or not name.isidentifier() or not self._has(name):
            return None
        return name, self._value(name, text)

    def _has(self, name: str) -> bool:
        parameter = self._parameters.get(name)
        if parameter is None:
            return self._others is not None and name.isidentifier()
        return parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)

    def _is_flag(self, name: str) -> bool:
        return _bare(self._hint(name)) is bool

    def _hint(self, name: str) -> Any:
        parameter = self._parameters.get(name)
        if parameter is None or parameter.kind is parameter.VAR_KEYWORD:
            return self._hints.get(self._others or "")
        return self._hints.get(name)

    def _positional(self, index: int) -> str | None:
        """The name of the parameter that takes the positional argument of that index."""
        for place, parameter in enumerate(self._parameters.values()):
            if parameter.kind is parameter.VAR_POSITIONAL:
                return parameter.name
            if parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
                return None
            if place == index:
                return parameter.name
        return None

    def _value(self, name: str | None, text: str) -> Any:
        if name is not None and _wants_text(self._hint(name)):
            return text
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            if text.lstrip()[:1] in ("{", "["):
                self.broken.append(
                    broken_json(f"the argument {name or ''!r}", error, NOTHING_STARTED)
                )
            return text
        except ValueError:  # a number of too many digits
            return text

    def _no_such_option(self, written: str) -> Problem:
        message = f"neither this command nor the workflow has --{written}"
        return Problem(message, hint=self._usage(), see_help=True)

    def _usage(self) -> str:
        return f"The workflow is {signature_text(self._workflow)}."


def _hints(workflow: AnyWorkflow) -> dict[str, Any]:
    try:
        return typing.get_type_hints(workflow.fn, include_extras=True)
    except (NameError, TypeError):  # the call tells of annotations that cannot be resolved
        return {}


def _wants_text(hint: Any) -> bool:
    """Whether a text that looks like JSON is meant as it is: `00123` for a `str`."""
    bare = _bare(hint)
    origin = typing.get_origin(bare)
    if origin is Literal:
        return all(isinstance(value, str) for value in typing.get_args(bare))
    if origin in (Union, types.UnionType):
        members = [one for one in typing.get_args(bare) if one is not type(None)]
        return all(_wants_text(one) for one in members)
    if not isinstance(bare, type):
        return False
    if issubclass(bare, Enum):
        return all(isinstance(member.value, str) for member in bare)
    return issubclass(bare, str | bytes | PurePath | Decimal | UUID)


def _bare(hint: Any) -> Any:
    """A hint without what does not change how a value is written: `Annotated`, `NewType`, a type's alias."""
    if typing.get_origin(hint) is Annotated:
        return _bare(typing.get_args(hint)[0])
    inner = getattr(hint, "__supertype__", None) or getattr(hint, "__value__", None)
    return hint if inner is None else _bare(inner)
