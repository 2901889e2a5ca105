"""Every world passes every check of the conformance suite that its capabilities call for."""

import asyncio
from pathlib import Path

import pytest

from outlast.testing.conformance import CHECKS, Check, exercise
from tests.worlds.conftest import Storage, memory


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_world_passes(check: Check, storage: Storage, tmp_path: Path) -> None:
    reason = asyncio.run(check.run(storage(tmp_path)))
    if reason is not None:
        pytest.skip(reason)


def test_the_suite_runs_without_a_framework(tmp_path: Path) -> None:
    report = asyncio.run(exercise(lambda: memory(tmp_path)))

    assert report.failed == ()
    assert len(report.passed) + len(report.skipped) == len(CHECKS)
    assert all(" needs a world that is declared " in reason for reason in report.skipped)


def test_every_check_says_what_must_be_so() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert [check.id for check in CHECKS if not check.doc.endswith(".")] == []
