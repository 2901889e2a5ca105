"""The small forms of some workloads run, and what they give fits into the tables."""

import pytest
from msgspec import structs

from benchmarks.harness import FailedError, Harness, Sample
from benchmarks.keeping import REPORT, between_marks
from benchmarks.model import WORLDS
from benchmarks.tables import limit_rows, rows
from benchmarks.workloads import WORKLOADS
from tests.postgres import Postgres


@pytest.mark.parametrize(
    "name",
    [
        "pg-throughput",
        "agent-log",
        pytest.param("webhooks", marks=pytest.mark.slow),
        pytest.param("gather500", marks=pytest.mark.slow),
    ],
)
def test_a_workload_can_be_measured(name: str, postgres: Postgres) -> None:
    sample = Harness(postgres.server).measure(WORKLOADS[name], run=1, quick=True)

    shown = list(rows({name: [sample]}))
    assert len(shown) == len(WORKLOADS[name].figures)
    assert shown[0].workload == WORKLOADS[name].title
    limits = {what: median for what, median, *_ in limit_rows({name: [sample]})}
    together = "durable commits, one by one on each of 16 connections"
    assert (together in limits) == (WORKLOADS[name].world == "postgres")


def test_what_takes_too_long_is_given_up() -> None:
    hasty = structs.replace(WORKLOADS["gather500"], bound=0.001)

    with pytest.raises(FailedError, match=r"not over after 0\.001 s"):
        Harness(None).measure(hasty, run=1, quick=True)


def test_each_world_has_a_place_in_the_report() -> None:
    report = REPORT.read_text()

    for world in WORLDS:
        filled = between_marks(report, world, "| a table |")
        assert "\n| a table |\n" in filled
        assert len(filled.split("<!-- ")) == len(report.split("<!-- "))


def test_the_limits_of_other_worlds_are_left_out() -> None:
    sample = Sample("seq10", 1, True, {"commit_ms": 1.0, "rows_s": 2.0})

    assert [what for what, *_ in limit_rows({"seq10": [sample]})] == [
        "one durable commit, median",
        "durable rows, 100 a commit",
    ]
