"""Judges what a function does with the names it has from outside."""

import functools
import inspect
import sys
from collections.abc import Iterator, Set
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from outlast._ids import Chance
from outlast._registry.check_classes import default_factories, methods_used, plain_function
from outlast._registry.check_finding import Finding, Severity
from outlast._registry.check_names import ABSENT, Unloaded, Use, attribute_of, is_plainly
from outlast._registry.check_origin import is_user_function, is_user_module
from outlast._registry.check_rules import RULES, Rule
from outlast._registry.check_table import SHARED_CHANCE

Reach: TypeAlias = Literal["lensed", "beyond", "guessed"]
"""How a function is reached: seen through the lens; called, but past the lens; perhaps called."""

_REACHES: Final[tuple[Reach, ...]] = ("lensed", "beyond", "guessed")
_MAX_ITEMS: Final = 200
"""A longer container holds data rather than functions."""


class Helper(NamedTuple):
    """A function of the user's that workflow code calls."""

    function: FunctionType
    reach: Reach


class Judge:
    """Judges the uses in one function: gives findings, and the helpers that are to be read next."""

    def __init__(self, helper: Helper, words: Set[str]) -> None:
        self._file = helper.function.__code__.co_filename
        self._reach: Reach = helper.reach
        self._words = words

    def judge(self, use: Use) -> Iterator[Finding | Helper]:
        """Follow a name along its attributes, to the first object about which something is known."""
        value, rest = use.value, use.attributes
        reach: Reach = self._reach
        while value is not ABSENT:
            rule = _rule_of(value)
            if rule is not None:
                yield from self._apply(rule, use, rest)
                return
            yield from self._look_at(value, use, rest, reach)
            if not rest:
                return
            if is_plainly(value, type):
                # What is reached through a class is called past the lens.
                reach = _further(reach, "beyond")
            value, rest = attribute_of(value, rest[0]), rest[1:]

    def _apply(self, rule: Rule, use: Use, rest: tuple[str, ...]) -> Iterator[Finding]:
        name = rule.name
        if rule.attributes:
            if not rest or rest[0] not in rule.attributes:
                return
            name = f"{name}.{rest[0]}"
        severity = self._severity(rule)
        if severity is not None:
            yield self._finding(use, name, rule.instead, severity)

    def _severity(self, rule: Rule) -> Severity | None:
        match rule.kind:
            case "refused":
                return "warning" if self._reach == "guessed" else "error"
            case "unstable":
                return "warning"
            case "drawn":
                return None if self._reach == "lensed" else "warning"

    def _look_at(
        self, value: Any, use: Use, rest: tuple[str, ...], reach: Reach
    ) -> Iterator[Finding | Helper]:
        kind = _kind(value)
        if issubclass(kind, ModuleType | Unloaded) or _is_definition(value):
            return
        if kind is FunctionType:
            yield from _helpers(value, reach)
        elif issubclass(kind, type):
            yield from self._look_at_class(value, use)
        elif kind in (list, tuple, dict):
            yield from self._look_at_items(value)
        elif kind is functools.partial:
            yield from self.judge(msgspec.structs.replace(use, value=value.func, attributes=()))
        else:
            yield from self._look_at_instance(value, use, rest)

    def _look_at_class(self, cls: type, use: Use) -> Iterator[Finding | Helper]:
        rule = RULES.of_class(cls)
        if rule is not None:
            yield from self._apply(rule, use, ())
        if not _is_user_class(cls):
            return
        for method in methods_used(cls, self._words):
            yield Helper(method, "guessed")
        for field, factory in default_factories(cls):
            if isinstance(factory, FunctionType):
                yield from _helpers(factory, "guessed")
            elif factory is not None and (rule := _rule_of(factory)):
                message = f"Its default is {rule.name}. {rule.instead}"
                yield self._finding(use, f"{cls.__name__}.{field}", message, "warning")

    def _look_at_items(self, container: Any) -> Iterator[Helper]:
        if len(container) <= _MAX_ITEMS:
            for item in getattr(container, "values", container.__iter__)():
                if type(item) is FunctionType:
                    yield from _helpers(item, _further(self._reach, "beyond"))

    def _look_at_instance(
        self, value: Any, use: Use, rest: tuple[str, ...]
    ) -> Iterator[Finding | Helper]:
        kind = _kind(value)
        rule = RULES.of_class(kind)
        if rule is not None and (rest or use.entered):
            name = ".".join((use.name, *use.attributes))
            message = f"It belongs to {rule.name}. {rule.instead}"
            severity: Severity = "warning" if self._reach == "guessed" else "error"
            yield self._finding(use, name, message, severity)
        if issubclass(kind, Chance) and rest:
            yield self._finding(use, ".".join((use.name, *rest)), SHARED_CHANCE, "warning")
        reach = _further(self._reach, "beyond")
        yield from _wrapped(value, reach)
        if rest:
            method = plain_function(inspect.getattr_static(_kind(value), rest[0], None))
            if method is not None:
                yield from _helpers(method, reach)

    def _finding(self, use: Use, name: str, message: str, severity: Severity) -> Finding:
        line, column = use.position
        return Finding(
            file=self._file,
            line=line,
            column=column,
            name=name,
            message=message,
            severity=severity,
        )


def _kind(value: object) -> type:
    return type(value)


def _rule_of(value: Any) -> Rule | None:
    if is_plainly(value, Unloaded):
        return RULES.named(value.path)
    rule = RULES.of(value)
    if rule is None and type(value) in (MethodType, BuiltinMethodType):
        return _rule_of_method(value)
    return rule


def _rule_of_method(method: Any) -> Rule | None:
    """The rule for a method that was taken from its owner before: `now = datetime.now`."""
    rule = RULES.of(method.__self__)
    if rule is None or (rule.attributes and method.__name__ not in rule.attributes):
        return None
    return msgspec.structs.replace(rule, name=f"{rule.name}.{method.__name__}", attributes=())


def _helpers(function: FunctionType, reach: Reach) -> Iterator[Helper]:
    """The function, if it is the user's, and the user's function that it is wrapped around."""
    if not _is_definition(function):
        if is_user_function(function):
            yield Helper(function, reach)
        yield from _wrapped(function, reach)


def _wrapped(value: object, reach: Reach) -> Iterator[Helper]:
    inner = inspect.getattr_static(value, "__wrapped__", None)
    if isinstance(inner, FunctionType) and is_user_function(inner):
        yield Helper(inner, reach)


def _is_definition(value: object) -> bool:
    """Steps and workflows are run by the engine: what they do is recorded."""
    return inspect.getattr_static(value, "__outlast_definition__", None) is not None


def _is_user_class(cls: type) -> bool:
    module = sys.modules.get(cls.__module__)
    return module is not None and is_user_module(module)


def _further(one: Reach, other: Reach) -> Reach:
    return _REACHES[max(_REACHES.index(one), _REACHES.index(other))]
