"""The checker finds what is planted, and nothing where nothing is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chaos.checker import check
from chaos.evidence import Evidence, Kept, Violation, readable
from chaos.plants import left_asleep, lost_event, old_epoch, twice
from chaos.programs import errands
from chaos.witness import Claimed, Executed
from outlast._model.runs import RunStatus
from tests.chaos.scenes import errand, evidence_of, evidence_of_a_zombie

PROGRAM = {
    "sequence": [
        {"work": [1, 1, 0]},
        {"mark": ["stage", 2]},
        {"gather": [{"work": [3, 0, 0]}, {"remote": [4, 0, 0]}, {"sleep": 300}]},
        {"child": {"work": [5, 0, 0]}},
        {"sleep": 5_000},
    ]
}
ERRAND = errand(PROGRAM, "run-0")


def laws(found: list[Violation]) -> set[str]:
    return {violation.law for violation in found}


def test_where_nothing_is_planted_nothing_is_found(tmp_path: Path) -> None:
    some = [one for one in errands(7, 60) if one.act == "nothing"]
    assert check(evidence_of(some, tmp_path)) == []


def test_an_outcome_that_is_lost(tmp_path: Path) -> None:
    found = check(evidence_of([ERRAND], tmp_path, lost_event))
    assert {"a log replays", "as the undisturbed twin"} <= laws(found)
    assert any("chaos.mark#1" in violation.what for violation in found)


def test_an_outcome_that_is_recorded_twice(tmp_path: Path) -> None:
    found = check(evidence_of([ERRAND], tmp_path, twice))
    assert "recorded once" in laws(found)


def test_a_run_that_never_ends(tmp_path: Path) -> None:
    found = check(evidence_of([ERRAND], tmp_path, left_asleep))
    assert "every run ends" in laws(found)


def test_a_zombie_is_fenced_off(tmp_path: Path) -> None:
    evidence = evidence_of_a_zombie(tmp_path)
    assert max(one.epoch for one in evidence.testimonies if isinstance(one, Claimed)) == 2
    assert check(evidence) == []


def test_a_zombie_that_is_not_fenced_off(tmp_path: Path) -> None:
    found = check(evidence_of_a_zombie(tmp_path, old_epoch))
    assert "no write by an old epoch" in laws(found)


Tamper = Callable[[Kept], Kept]


def without(position: int) -> Tamper:
    """Takes an event out of the log."""

    def tamper(kept: Kept) -> Kept:
        stored = tuple([one for one in kept.stored if one.position != position])
        return replace(kept, stored=stored, log=readable(stored))

    return tamper


def with_data(position: int, old: bytes, new: bytes) -> Tamper:
    """Changes the data of an event."""

    def tamper(kept: Kept) -> Kept:
        stored = list(kept.stored)
        stored[position] = replace(stored[position], data=stored[position].data.replace(old, new))
        return replace(kept, stored=tuple(stored), log=readable(stored))

    return tamper


def at(kind: str, name: str, evidence: Evidence) -> int:
    """Where the log has an event of that kind which speaks of the name."""
    stored = evidence.runs["run-0"].stored
    return next(one.position for one in stored if one.kind == kind and name.encode() in one.data)


def row(**fields: Any) -> Tamper:
    return lambda kept: replace(kept, row=replace(kept.row, **fields))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    evidence = evidence_of([ERRAND], tmp_path_factory.mktemp("sound"))
    assert check(evidence) == []
    return evidence


@pytest.mark.parametrize(
    ("tamper", "law"),
    [
        (without(4), "a log has no gap"),
        (without(0), "a log has no gap"),
        (row(status=RunStatus.SUSPENDED), "every run ends"),
        (row(worker="worker_0"), "the row says what the log says"),
        (row(attributes={}), "the row says what the log says"),
        (row(position=3), "the row says what the log says"),
    ],
)
def test_a_row_or_log_that_was_changed(sound: Evidence, tamper: Tamper, law: str) -> None:
    assert law in laws(check(tampered(sound, tamper)))


def test_an_event_that_nobody_can_read(sound: Evidence) -> None:
    place = at("step_completed", "chaos.mark", sound)
    changed = tampered(sound, with_data(place, b'"step_completed"', b'"step_forgotten"'))
    assert "a log has no gap" in laws(check(changed))


def test_a_result_of_an_old_epoch(sound: Evidence) -> None:
    """By the database alone."""
    place = at("step_completed", "chaos.mark", sound)
    changed = tampered(sound, with_data(place, b'"epoch":', b'"epoch":9'))
    assert "no write by an old epoch" in laws(check(replace(changed, testimonies=())))


def test_a_wait_that_ends_early(sound: Evidence) -> None:
    place = at("wait_completed", "sleep", sound)
    changed = tampered(sound, with_data(place, b'"deadline":1', b'"deadline":2'))
    assert "waits never end early" in laws(check(changed))


def test_a_start_that_is_lost(sound: Evidence) -> None:
    runs = {run_id: kept for run_id, kept in sound.runs.items() if run_id != "run-0"}
    assert "what was acknowledged is there" in laws(check(replace(sound, runs=runs)))


def test_a_child_that_is_lost(sound: Evidence) -> None:
    runs = {"run-0": sound.runs["run-0"]}
    assert "what was acknowledged is there" in laws(check(replace(sound, runs=runs)))


def test_a_cancellation_that_is_lost(sound: Evidence) -> None:
    changed = replace(sound, cancelled=frozenset({"run-0"}))
    assert "what was acknowledged is there" in laws(check(changed))


def test_a_run_that_nobody_asked_for(sound: Evidence) -> None:
    changed = replace(sound, errands=[], started=frozenset())
    assert laws(check(changed)) == {"as the undisturbed twin"}


def test_a_dispatched_step_that_is_left(sound: Evidence) -> None:
    assert laws(check(replace(sound, queue_empty=False))) == {"every step ends"}


@pytest.mark.parametrize(
    ("testimony", "law"),
    [
        (Claimed("run-0", 1, 99), "no event is lost"),
        (Claimed("run-0", 9, 1), "no write by an old epoch"),
        (
            Executed("run-0", "chaos.work#1", 2, 1, 9),
            "a step is started again only if its outcome was not committed",
        ),
    ],
)
def test_what_a_worker_has_witnessed(
    sound: Evidence, testimony: Claimed | Executed, law: str
) -> None:
    changed = replace(sound, testimonies=[*sound.testimonies, testimony])
    assert law in laws(check(changed))


def tampered(sound: Evidence, tamper: Tamper) -> Evidence:
    return replace(sound, runs={**sound.runs, "run-0": tamper(sound.runs["run-0"])})
