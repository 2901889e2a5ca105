"""The static check finds calls that nobody awaits."""

import pytest

from outlast._registry.check import check_workflow
from tests.unit.guard.conftest import Write

SOURCE = """
import asyncio
import outlast
from outlast import sleep, step, workflow

class Steps:
    @step(name="awaits.method")
    @staticmethod
    async def charge() -> None: ...

@step(name="awaits.charge")
async def charge(n: int) -> int:
    return n

@step(name="awaits.pack")
def pack() -> None: ...

@workflow(name="awaits.child")
async def child() -> None: ...

async def helper() -> None:
    {helper}

def plain() -> None: ...

async def flow(given=plain) -> None:
    async def inner() -> None: ...
    await helper()
    {body}
"""

FORGOTTEN = [
    ("charge(1)", "charge"),
    ("pack()", "pack"),
    ("child()", "child"),
    ("sleep(3)", "sleep"),
    ("outlast.sleep(3)", "outlast.sleep"),
    ("asyncio.sleep(3)", "asyncio.sleep"),
    ("Steps.charge()", "Steps.charge"),
    ("helper()", "helper"),
    ("inner()", "inner"),
    ("if given: charge(1)", "charge"),
    ("try: pack()\n    finally: pass", "pack"),
]

FINE = [
    "await charge(1)",
    "later = charge(1); await later",
    "await asyncio.gather(charge(1), pack())",
    "asyncio.create_task(charge(1))",
    "plain()",
    "given()",
    "charge",
    "pack = plain; pack()",
    "print(1)",
]


def _checked(write: Write, body: str = "pass", helper: str = "pass") -> list[tuple[str, str, int]]:
    flow = write(SOURCE.replace("{body}", body).replace("{helper}", helper)).flow
    assert check_workflow(flow) == (), "it is no side effect: the workflow can be defined"
    found = check_workflow(flow, warnings=True)
    return [(one.name, one.severity, one.line) for one in found]


@pytest.mark.parametrize(("body", "name"), FORGOTTEN)
def test_a_call_that_is_not_awaited_is_found(write: Write, body: str, name: str) -> None:
    (found,) = _checked(write, body)
    assert found == (name, "error", 29)


@pytest.mark.parametrize("body", FINE)
def test_what_is_awaited_or_passed_on_is_not(write: Write, body: str) -> None:
    assert _checked(write, body) == []


def test_helpers_are_read_too(write: Write) -> None:
    assert _checked(write, helper="charge(1)") == [("charge", "error", 22)]


def test_the_finding_says_what_to_write(write: Write) -> None:
    text = SOURCE.replace("{body}", "charge(1)").replace("{helper}", "pass")
    (finding,) = check_workflow(write(text).flow, warnings=True)
    assert finding.column == 5
    assert "write `await charge(...)`" in finding.message
