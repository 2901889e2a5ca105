"""The first page of very many runs is soon in a browser."""

import os

import pytest

from benchmarks.harness import Harness
from benchmarks.workloads import WORKLOADS
from tests.postgres import Postgres
from tools import browser as chromium

SOON = 300
"""Milliseconds, on a machine that does nothing else."""


@pytest.mark.slow
@pytest.mark.skipif(chromium.find() is None, reason=f"there is no Chromium; {chromium.BY_HAND}")
@pytest.mark.parametrize("name", ["web-runs100k", "pg-web-runs100k"])
def test_the_first_page_of_very_many_runs_is_soon_there(name: str, postgres: Postgres) -> None:
    sample = Harness(postgres.server).measure(WORKLOADS[name], run=1, quick=False)
    crowd = max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))
    shown = {figure.key: sample.measured[figure.key] for figure in WORKLOADS[name].figures}
    assert max(shown.values()) < SOON * crowd, shown
