"""Finding the workflow that the command line names: `FILE:WORKFLOW` or `MODULE:WORKFLOW`."""

import inspect
from difflib import get_close_matches
from types import ModuleType
from typing import Any, TypeAlias, cast

from outlast import Step, Workflow
from outlast._api.inspection import workflow_place, workflows
from outlast.cli.loading import load
from outlast.cli.problem import Problem

AnyWorkflow: TypeAlias = Workflow[..., Any]


def find_workflow(target: str) -> AnyWorkflow:
    """The workflow, by the name it is recorded under or by where it stands in its module.

    Without `:WORKFLOW` it is the only one of the module. Raises `Problem` that lists what there is.
    """
    source, name = _split(target)
    module = load(source)
    if name is None:
        return _only_one(module, source)
    as_attribute, as_name = _attribute(module, name), _registered(name)
    if as_attribute is None and as_name is None:
        raise _no_workflow(module, source, name)
    if as_attribute is not None and as_name is not None and not _same(as_attribute, as_name):
        raise Problem(
            f"{name!r} is ambiguous in {source}: an attribute of the module has this name, "
            f"and another workflow is recorded under it",
            details=_listed([as_attribute, as_name]),
            hint="Give one of them another name.",
        )
    found = as_attribute or as_name
    assert found is not None  # noqa: S101 - one of the two, as checked above
    return found


def module_workflows(module: ModuleType) -> list[AnyWorkflow]:
    """The workflows that are written in a module or imported into it, by file and line."""
    file = getattr(module, "__file__", None)
    there = {one.name for one in vars(module).values() if isinstance(one, Workflow)}
    own = [one for one in workflows() if workflow_place(one)[0] == file or one.name in there]
    return sorted(own, key=workflow_place)


def _split(target: str) -> tuple[str, str | None]:
    # Names may have colons in them; those of files hardly, those of modules never.
    file, ends, name = target.partition(".py:")
    source, colon, name = (file + ".py", ends, name) if ends else target.partition(":")
    if not colon:
        return target, None
    if not source or not name:
        raise Problem(
            f"{target!r} names no workflow",
            hint="Write FILE:WORKFLOW, such as flow.py:fulfil, or MODULE:WORKFLOW.",
        )
    return source, name


def _attribute(module: ModuleType, path: str) -> AnyWorkflow | None:
    found = _found(module, path)
    return cast("AnyWorkflow", found) if isinstance(found, Workflow) else None


def _found(module: ModuleType, path: str) -> Any:
    found: Any = module
    for part in path.split("."):
        found = getattr(found, part, None)
    return found


def _registered(name: str) -> AnyWorkflow | None:
    return next((one for one in workflows() if one.name == name), None)


def _same(one: AnyWorkflow, other: AnyWorkflow) -> bool:
    return one.name == other.name


def _only_one(module: ModuleType, source: str) -> AnyWorkflow:
    own = module_workflows(module)
    if len(own) == 1:
        return own[0]
    if not own:
        raise _none(source)
    raise Problem(
        f"{source} has {len(own)} workflows",
        details=_listed(own),
        hint=f"Say which one: {source}:{own[0].name}",
    )


def _none(source: str) -> Problem:
    return Problem(
        f"there is no workflow in {source}",
        hint="Decorate an `async def` function with @workflow.",
    )


def _no_workflow(module: ModuleType, source: str, name: str) -> Problem:
    found = _found(module, name)
    if isinstance(found, Step):
        return Problem(
            f"{name!r} of {source} is a step, and only workflows can be run by themselves",
            hint=f"Await it in a workflow, as in: return await {name}(...). Or call it in Python: "
            "outside a run it is the plain function, and nothing is recorded.",
        )
    if inspect.isfunction(found):
        return Problem(
            f"{name!r} of {source} is a function, not a workflow",
            hint="Decorate an `async def` function with @workflow.",
        )
    return _unknown(module, source, name)


def _unknown(module: ModuleType, source: str, name: str) -> Problem:
    own = module_workflows(module)
    if not own:
        return _none(source)
    close = get_close_matches(name, [one.name for one in own], n=1)
    return Problem(
        f"there is no workflow {name!r} in {source}; it has:",
        details=_listed(own),
        hint=f"Did you mean {source}:{close[0]}?" if close else None,
    )


def _listed(found: list[AnyWorkflow]) -> str:
    width = max(len(one.name) for one in found)
    return "\n".join(f"{one.name:<{width}}  {_place(one)}" for one in found)


def _place(one: AnyWorkflow) -> str:
    file, line = workflow_place(one)
    return f"{file.rpartition('/')[2]}:{line}"
