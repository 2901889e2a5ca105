"""The proof: what the logs, and the witness, say about what happened. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec

from outlast import RunStatus
from outlast.cli.demo.play import Kill, Played
from outlast.cli.texts import count
from outlast.records import EventRecord


class Check(msgspec.Struct, frozen=True):
    """One thing that must hold."""

    holds: bool
    text: str


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    checks: tuple[Check, ...]
    runs: int
    files: int
    """All runs together, as the logs tell."""
    steps_recorded: int
    executions: int
    executed_again: int
    """How many steps were executed more than once."""
    in_flight: int
    """How many steps were under way at the kills."""
    kills: int
    seconds_lost: tuple[float, ...]
    """For each kill, from the kill to the first step recorded after it."""

    @property
    def holds(self) -> bool:
        """Whether all of it holds."""
        return all(check.holds for check in self.checks)


def prove(played: Played) -> Proof:
    """Check everything that must hold, whatever was killed and when."""
    outcomes = Counter(
        f"{info.id}/{event.data['id']}"
        for info, log in zip(played.infos, played.logs, strict=True)
        for event in log
        if event.kind in ("step_completed", "step_failed")
    )
    again = {ref for ref, times in played.executions.items() if times > 1}
    files = sum(_files_found(log) for log in played.logs)
    checks = (
        _all_completed(played),
        _each_once(played, outcomes, files),
        _only_in_flight(played, again),
        _no_gaps(played.logs),
        _same_result(played.logs),
    )
    return Proof(
        checks=checks,
        runs=len(played.infos),
        files=files,
        steps_recorded=len(outcomes),
        executions=played.executions.total(),
        executed_again=len(again),
        in_flight=sum(len(kill.in_flight) for kill in played.kills),
        kills=len(played.kills),
        seconds_lost=tuple(_lost(kill, played.logs).total_seconds() for kill in played.kills),
    )


def _all_completed(played: Played) -> Check:
    done = sum(info.status is RunStatus.COMPLETED for info in played.infos)
    whole = len(played.infos)
    text = (
        "the run completed" if done == whole == 1 else f"{done} of {count(whole, 'run')} completed"
    )
    return Check(done == whole, text)


def _each_once(played: Played, outcomes: Counter[str], files: int) -> Check:
    """One outcome a step: for each file, and the two beside them in each run."""
    expected = files + 2 * len(played.infos)
    once = max(outcomes.values(), default=0) == 1
    executed = set(outcomes) == set(played.executions)
    text = f"{count(files, 'file')} found, {count(len(outcomes), 'step')} recorded, each once"
    return Check(once and executed and len(outcomes) == expected, text)


def _only_in_flight(played: Played, again: set[str]) -> Check:
    """A step was executed once more for each kill at which it was in flight, and never else."""
    allowed = Counter(ref for kill in played.kills for ref in kill.in_flight)
    holds = all(times <= 1 + allowed[ref] for ref, times in played.executions.items())
    total = f"{played.executions.total():,} executions witnessed"
    if not again:
        return Check(holds, f"{total}: no step was executed twice")
    flight = sum(len(kill.in_flight) for kill in played.kills)
    kills = "the kill" if len(played.kills) == 1 else "a kill"
    text = f"{total}: {count(len(again), 'step')} executed again, of {flight} in flight at {kills}"
    return Check(holds and again <= set(allowed), text)


def _no_gaps(logs: Sequence[Sequence[EventRecord]]) -> Check:
    dense = all([event.position for event in log] == [*range(len(log))] for log in logs)
    ordered = all(a.at <= b.at for log in logs for a, b in pairwise(log))
    events = sum(len(log) for log in logs)
    where = "the log" if len(logs) == 1 else "the logs"
    return Check(dense and ordered, f"{events:,} events in {where}, in one order without a gap")


def _same_result(logs: Sequence[Sequence[EventRecord]]) -> Check:
    """The recorded result is what the recorded steps give, summed up here by other code."""
    return Check(all(_adds_up(log) for log in logs), "the report is the sum of the recorded steps")


def _adds_up(log: Sequence[EventRecord]) -> bool:
    measured, last = _results(log, "measure"), log[-1]
    if last.kind != "run_completed" or not measured:
        return False
    total = last.data["result"]["total"]
    counted = ("lines", "classes", "functions", "documented")
    return all(total[what] == sum(one[what] for one in measured) for what in counted)


def _files_found(log: Sequence[EventRecord]) -> int:
    return sum(len(files) for files in _results(log, "find_files"))


def _results(log: Sequence[EventRecord], step: str) -> list[Any]:
    """What the steps of that name have given, as it is recorded."""
    completed = (event.data for event in log if event.kind == "step_completed")
    return [data["result"] for data in completed if data["name"] == step]


def _lost(kill: Kill, logs: Sequence[Sequence[EventRecord]]) -> timedelta:
    """From the kill to the first outcome of a step recorded after it."""
    outcomes = (event for log in logs for event in log if event.kind == "step_completed")
    later = (event.at for event in outcomes if event.at > kill.at)
    return max(timedelta(), min(later, default=kill.at) - kill.at)
