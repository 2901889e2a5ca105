"""The façade: few names, sorted, each with a docstring that is a contract."""

import ast
import inspect
from importlib import import_module

import griffe
import pytest

import outlast
from tests.house.checkout import expect_none, functions, modules
from tools import reference

LIMIT = 30
PROMISED = frozenset(
    {"App", "FatalError", "RetryableError", "Run", "StepFailedError", "get_run", "list_runs", "now"}
    | {"run_info", "set_attributes", "sleep", "start", "step", "step_info", "workflow"}
)
"""What is there as soon as there is anything: the API that the design fixes."""


def _names() -> list[str]:
    return list(getattr(outlast, "__all__", ()))


def test_names_are_few_and_sorted() -> None:
    names = _names()
    assert len(names) <= LIMIT
    assert names == sorted(set(names))


def test_nothing_promised_is_missing() -> None:
    """The façade is empty until the API exists, and from then on has all of it."""
    names = _names()
    assert not names or not PROMISED - set(names)


def test_every_name_is_there() -> None:
    assert [name for name in _names() if not hasattr(outlast, name)] == []


def test_names_come_from_where_the_sources_import_them() -> None:
    """Type checkers read the imports, the interpreter reads the table."""
    imported = {
        name: getattr(reference.load()[name], "target_path", "").rpartition(".")[0]
        for name in _names()
    }
    assert imported == outlast._HOMES


def test_public_modules_need_no_import_of_their_own() -> None:
    for name in outlast._PUBLIC:
        assert getattr(outlast, name) is import_module(f"outlast.{name}")
    with pytest.raises(AttributeError, match="'outlast' has no attribute 'nothing'"):
        outlast.nothing  # type: ignore[attr-defined]  # noqa: B018
    assert set(_names()) <= set(dir(outlast))


def test_no_other_name_looks_public() -> None:
    """What is imported by the façade is in `__all__`, or a module of the package."""
    public = {name for name in vars(outlast) if not name.startswith("_")}
    modules = set(reference.load().modules)
    assert public - modules <= set(_names())


@pytest.mark.parametrize("module", [name for name in reference.PUBLIC if name != "outlast.world"])
def test_everything_public_has_a_docstring(module: str) -> None:
    owner = reference.module_named(reference.load(), module)
    members = reference.members(owner)
    mute = [
        thing.path
        for member in members
        for thing in (member, *(reference.parts(member) if member.is_class else ()))
        if not thing.docstring and not thing.is_attribute and not _inherits_its_docstring(thing)
    ]
    assert owner.docstring, f"{module} says nothing about itself"
    expect_none(mute)


def test_what_makes_a_class_is_told_by_its_own_docstring() -> None:
    found = [
        module.shown
        for module in modules()
        for name, function in functions(module)
        if name.endswith("__init__") and ast.get_docstring(function)
    ]
    expect_none(found, "The reference shows the docstring of the class.")


def test_the_check_of_docstrings_sees_something() -> None:
    errors = reference.module_named(reference.load(), "outlast.errors")
    instrument = reference.module_named(reference.load(), "outlast.instrument")["Instrument"]
    assert {"OutlastError", "EncodeError"} <= {member.name for member in reference.members(errors)}
    assert isinstance(instrument, griffe.Class)
    assert "run_ended" in {part.name for part in reference.parts(instrument)}


def test_exports_in_the_sources_are_those_at_run_time() -> None:
    """Type checkers and the reference read the sources; they must see what users get."""
    assert sorted(map(str, reference.load().exports or ())) == _names()


def _inherits_its_docstring(thing: reference.Object) -> bool:
    """Whether it overrides what its base class says everything about."""
    found: object = import_module(thing.module.path)
    for name in thing.path.removeprefix(f"{thing.module.path}.").split("."):
        found = getattr(found, name)
    return inspect.getdoc(found) is not None
