"""The demo's proof must fail when something is wrong; otherwise it proves nothing."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from outlast import RunStatus
from outlast.cli.demo.play import Kill, Plan, Played
from outlast.cli.demo.proof import Proof, prove
from outlast.records import EventRecord
from tests.cli.test_timeline import info

START = datetime(2026, 3, 1, tzinfo=UTC)
FILES = ("a.py", "b.py", "c.py")


def measured(file: str) -> dict[str, Any]:
    counted = dict.fromkeys(("lines", "classes", "functions", "documented"), 2)
    return {"file": file, "longest": "f", "longest_lines": 1, **counted}


def played(**changes: Any) -> Played:
    """A run in which `b.py` was in flight at the kill, and was measured again."""
    total = dict.fromkeys(("lines", "classes", "functions", "documented"), 6)
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("run_created", {}),
        ("step_completed", {"id": "find_files#1", "name": "find_files", "result": [*FILES]}),
        *(
            ("step_completed", {"id": f"{file}#1", "name": "measure", "result": measured(file)})
            for file in FILES
        ),
        ("step_completed", {"id": "summarize#1", "name": "summarize", "result": {}}),
        ("run_completed", {"result": {"total": total}}),
    ]
    log = tuple(
        EventRecord(position=n, at=START + timedelta(seconds=n), kind=kind, data=data)
        for n, (kind, data) in enumerate(kinds)
    )
    ids = [f"run_1/{event.data['id']}" for event in log if "id" in event.data]
    kill = Kill(at=START + timedelta(seconds=2.5), pid=1, events=3, in_flight=frozenset({ids[2]}))
    known: dict[str, Any] = {
        "infos": (info(status=RunStatus.COMPLETED),),
        "logs": (log,),
        "kills": (kill,),
        "executions": Counter([*ids, ids[2]]),
    }
    return Played(**(known | changes))


def failing(proof: Proof) -> list[int]:
    return [number for number, check in enumerate(proof.checks) if not check.holds]


def test_it_holds_when_all_is_well() -> None:
    proof = prove(played())
    assert proof.holds
    assert (proof.files, proof.steps_recorded, proof.executions) == (3, 5, 6)
    assert (proof.executed_again, proof.in_flight, proof.kills) == (1, 1, 1)
    assert proof.seconds_lost == (0.5,)
    assert (
        proof.checks[2].text
        == "6 executions witnessed: 1 step executed again, of 1 in flight at the kill"
    )


def test_a_run_that_did_not_complete_is_found() -> None:
    assert failing(prove(played(infos=(info(status=RunStatus.FAILED),)))) == [0]


def test_a_step_that_was_recorded_twice_is_found() -> None:
    (log,) = played().logs
    again = msgspec.structs.replace(log[2], position=len(log), at=log[-1].at)
    assert 1 in failing(prove(played(logs=((*log, again),))))


def test_a_step_that_is_missing_is_found() -> None:
    (log,) = played().logs
    shorter = [event for event in log if event.data.get("id") != "b.py#1"]
    dense = tuple(msgspec.structs.replace(e, position=n) for n, e in enumerate(shorter))
    assert failing(prove(played(logs=(dense,)))) == [1, 4]


@pytest.mark.parametrize("step", ["run_1/a.py#1", "run_1/b.py#1"])
def test_one_execution_too_many_is_found(step: str) -> None:
    executions = played().executions
    executions[step] += 1
    assert failing(prove(played(executions=executions))) == [2]


def test_an_execution_that_nobody_saw_is_found() -> None:
    executions = played().executions
    del executions["run_1/a.py#1"]
    assert failing(prove(played(executions=executions))) == [1]


def test_a_gap_and_a_wrong_order_are_found() -> None:
    (log,) = played().logs
    gap = (*log[:-1], msgspec.structs.replace(log[-1], position=99))
    back = (*log[:-1], msgspec.structs.replace(log[-1], at=START))
    assert failing(prove(played(logs=(gap,)))) == [3]
    assert failing(prove(played(logs=(back,)))) == [3]


def test_a_result_that_does_not_add_up_is_found() -> None:
    (log,) = played().logs
    wrong = {"result": {"total": dict.fromkeys(("lines", "classes", "functions", "documented"), 5)}}
    changed = (*log[:-1], msgspec.structs.replace(log[-1], data=wrong))
    assert failing(prove(played(logs=(changed,)))) == [4]


def test_moments_of_kills() -> None:
    assert Plan().moments() == [0.5]
    random = Plan(kills=5, seed=7).moments()
    assert random == sorted(random) == Plan(kills=5, seed=7).moments()
    assert all(0 < moment < 1 for moment in random)
