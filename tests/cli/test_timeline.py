"""The timeline: from events to entries, condensed, and drawn."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from outlast import RunStatus
from outlast.cli.condensing import Group, Mark, condensed
from outlast.cli.render_run import RunView, render_run
from outlast.cli.timeline import Timeline
from outlast.cli.timeline_entries import Entry
from outlast.cli.times import ago, length, offset, rough, ticking
from outlast.records import EventRecord, RunInfo, Waiting

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ERROR = {
    "$type": "exception",
    "class": "shop:PaymentError",
    "message": "card refused\nby the bank",
    "traceback": 'Traceback (most recent call last):\n  File "shop.py", line 3, in pay\n    no()\n',
}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def micros(seconds: float) -> int:
    return round(at(seconds).timestamp() * 1_000_000)


class Log:
    """Events as they are recorded."""

    def __init__(self, before: "Log | None" = None) -> None:
        self.events: list[EventRecord] = list(before.events) if before else []
        if before is None:
            self.add(0, "run_created", input={"args": [3], "kwargs": {"fast": True}})

    def add(self, seconds: float, kind: str, **data: Any) -> "Log":
        position = len(self.events)
        self.events.append(EventRecord(position=position, at=at(seconds), kind=kind, data=data))
        return self

    def step(self, kind: str, ref: str, start: float, end: float, **data: Any) -> "Log":
        data = {"attempt": 1, "line": "shop.py:9", **data}
        name = ref.rpartition("/")[2].partition("#")[0]
        return self.add(end, kind, id=ref, name=name, started_at=micros(start), **data)

    def done(self, ref: str, start: float, end: float, **data: Any) -> "Log":
        return self.step("step_completed", ref, start, end, result=1, **data)

    def entry(self, ref: str) -> Entry:
        entry = Timeline(self.events).entry(ref)
        assert entry is not None
        return entry


def info(**fields: Any) -> RunInfo:
    known: dict[str, Any] = {
        "id": "run_1",
        "workflow": "pay",
        "status": RunStatus.RUNNING,
        "version": "v1",
        "queue": "default",
        "priority": 0,
        "attributes": {"tenant": "acme"},
        "created_at": START,
        "started_at": START,
        "ended_at": None,
        "due_at": None,
        "worker": None,
        "parent": None,
        "events": 3,
        "waiting": (),
        "problem": None,
    }
    return RunInfo(**(known | fields))


def drawn(log: Log, *, width: int = 100, now: float = 10, limit: int = 40, **fields: Any) -> str:
    view = RunView(info=info(**fields), timeline=Timeline(log.events), now=at(now), limit=limit)
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(render_run(view))
    return capture.get()


def test_a_step_is_known_by_its_outcome_alone() -> None:
    entry = Log().done("a#1", 1, 2.5).entry("a#1")
    assert (entry.state, entry.name, entry.started_at, entry.ended_at) == (
        "completed",
        "a",
        at(1),
        at(2.5),
    )


def test_attempts_are_gathered() -> None:
    log = Log().step("step_retried", "a#1", 1, 2, error=ERROR, retry_at=micros(4))
    assert log.entry("a#1").state == "retrying"
    assert log.entry("a#1").until == at(4)
    entry = log.done("a#1", 4, 5, attempt=2).entry("a#1")
    assert [attempt.number for attempt in entry.attempts] == [1, 2]
    assert entry.started_at == at(1)
    assert entry.attempts[0].error is not None
    assert entry.attempts[0].error.message.startswith("card refused")


def test_what_waited_for_its_turn_and_who_made_it_is_drawn() -> None:
    log = Log().done("a#1", 2, 5, queued=2_000_000, owner="worker_a")
    assert "worker_a" not in drawn(log)
    log.done("b#1", 5, 8, worker="worker_b").done("c#1", 8, 10)
    first, second, third = [
        line for line in drawn(log, width=140).splitlines() if "shop.py:9" in line
    ]
    assert "queued 2.00 s  on worker_a" in first
    assert "╍━" in first
    assert "on worker_b" in second
    assert "╍" not in second
    assert "on worker_a" in third


def test_an_attempt_that_was_begun_again_was_lost() -> None:
    log = Log().step("step_started", "a#1", 1, 1.1).step("step_started", "a#1", 3, 3.1)
    entry = log.done("a#1", 3, 5).entry("a#1")
    assert [attempt.lost for attempt in entry.attempts] == [True, False]
    assert "an attempt was lost with its worker" in drawn(log)


def test_what_was_under_way_when_the_run_ended_was_cancelled() -> None:
    log = Log().step("step_started", "pay#1", 1, 1.1)
    log.add(3, "run_cancelled", reason="stop")
    step = log.entry("pay#1")
    assert (step.state, step.ended_at, step.attempts[0].ended_at) == ("cancelled", at(3), at(3))
    assert "+1.000 s  2.00 s  ⊘ pay" in drawn(log, now=60)


def test_children_waits_and_remarks() -> None:
    log = Log().add(1, "child_started", id="c#1", workflow="child", run_id="run_2")
    assert log.entry("c#1").state == "running"
    log.add(2, "child_failed", id="c#1", run_id="run_2", error=ERROR)
    log.add(5, "wait_completed", id="2/sleep#1", deadline=micros(5), started_at=micros(3))
    log.add(6, "cancel_requested", reason="enough\nof it").add(7, "something_new", x=1)
    log.add(8, "run_cancelled", reason="enough")
    timeline = Timeline(log.events)
    assert [entry.name for entry in timeline.entries] == [
        "child",
        "sleep",
        "cancel asked for: enough of it",
        "something new",
    ]
    assert log.entry("c#1").state == "failed"
    assert timeline.ending is not None
    assert (timeline.ending.state, timeline.ending.reason) == ("cancelled", "enough")


def test_what_a_run_waits_for_comes_from_its_row() -> None:
    waiting = (
        Waiting(kind="wait", id="sleep#2", until=at(100), line="shop.py:4"),
        Waiting(kind="child", id="c#1", on="run_2"),
    )
    log = Log().add(1, "child_started", id="c#1", workflow="child", run_id="run_2")
    entries = Timeline(log.events).pending(info(waiting=waiting), at(2))
    assert [(entry.id, entry.state) for entry in entries] == [
        ("c#1", "running"),
        ("sleep#2", "waiting"),
    ]
    text = drawn(log, waiting=waiting, status=RunStatus.SUSPENDED, due_at=at(100))
    assert "◦ sleep  1m 30s left" in text
    assert "shop.py:4" in text
    assert "due in 1m" in text


def test_a_pending_wait_begins_when_its_row_says_so() -> None:
    sleep = Waiting(kind="wait", id="sleep#1", until=at(100), since=at(1))
    waits = Timeline().pending(info(waiting=(sleep,)), at(7))
    assert [wait.started_at for wait in waits] == [at(1)]
    assert "+1.000 s  9.0 s" in drawn(Log(), waiting=(sleep,), status=RunStatus.SUSPENDED)


def test_a_woken_sleep_ends_with_the_wake() -> None:
    sleep = {"kind": "wait", "ref": "sleep#1", "until": micros(100), "since": micros(1)}
    log = Log().add(4, "wake_requested", waits=[{**sleep, "line": "shop.py:4"}])
    entry = log.entry("sleep#1")
    assert (entry.state, entry.started_at, entry.ended_at) == ("completed", at(1), at(4))
    text = drawn(log, width=120)
    assert "+1.000 s  3.00 s  ✓ sleep  1m 39s  woken 1m 36s early" in text
    assert "shop.py:4" in text


def test_a_sleep_that_ended_before_the_wake_stays_as_it_was() -> None:
    log = Log().add(2, "wait_completed", id="sleep#1", deadline=micros(2), started_at=micros(1))
    sleep = {"kind": "wait", "ref": "sleep#1", "until": micros(2), "since": micros(1)}
    log.add(3, "wake_requested", waits=[sleep]).add(4, "wake_requested")
    assert log.entry("sleep#1").ended_at == at(2)
    assert not log.entry("sleep#1").woken


def test_a_step_tells_of_the_sleeps_beside_it_while_it_is_under_way() -> None:
    beside = [
        {"kind": "wait", "ref": "sleep#1", "until": micros(100), "since": micros(1)},
        {"kind": "wait", "ref": "timeout#1", "until": micros(60), "since": micros(1)},
    ]
    log = Log().add(
        2, "step_started", id="s#1", name="s", attempt=1, started_at=micros(1), waits=beside
    )
    assert pending(log) == ["s#1 running", "sleep#1 waiting", "timeout#1 waiting"]
    assert "◦ sleep  1m 30s left" in drawn(log, status=RunStatus.RUNNING)
    woken = Log(log).add(3, "wake_requested")
    assert pending(woken) == [
        "s#1 running",
        "sleep#1 completed",
        "timeout#1 waiting",
        "@2 completed",
    ]
    assert woken.entry("sleep#1").woken
    ended = Log(log).add(3, "wait_completed", id="timeout#1", deadline=micros(3))
    assert pending(ended) == ["s#1 running", "sleep#1 waiting", "timeout#1 completed"]
    over = Log(log).done("s#1", 1, 3)
    assert pending(over) == ["s#1 completed"], "it may have been cancelled with it"


def pending(log: "Log") -> list[str]:
    found = Timeline(log.events).pending(info(), at(5))
    return [f"{entry.id} {entry.state}" for entry in found]


def test_a_short_timeline_is_shown_as_it_is() -> None:
    log = Log().done("a#1", 1, 2).done("a#2", 2, 3)
    assert len(condensed(Timeline(log.events).entries, limit=2)) == 2


def test_a_long_timeline_groups_what_is_alike_and_went_well() -> None:
    log = Log()
    for number in range(10):
        log.done(f"{number}/a#1", number, number + 0.5)
    log.step("step_failed", "a#11", 3, 4, error=ERROR).done("b#1", 9, 10)
    group, failed, other = condensed(Timeline(log.events).entries, limit=5)
    assert isinstance(group, Group)
    assert (group.name, len(group.entries), group.work) == ("a", 10, timedelta(seconds=5))
    assert (group.started_at, group.ended_at, group.line) == (at(0), at(9.5), "shop.py:9")
    assert isinstance(failed, Entry)
    assert failed.state == "failed"
    assert isinstance(other, Entry)


def test_marks_split_groups() -> None:
    log = Log()
    for number in range(20):
        log.done(f"{number}/a#1", number, number + 0.5)
    rows = condensed(Timeline(log.events).entries, limit=5, marks=[Mark(at=at(12), text="killed")])
    assert [len(row.entries) if isinstance(row, Group) else "mark" for row in rows] == [
        12,
        "mark",
        8,
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_picture_fits_its_width(width: int) -> None:
    log = Log().done("a_step_with_quite_a_long_name_that_goes_on_and_on#1", 1, 2)
    log.step("step_retried", "b#1", 2, 3, error=ERROR, retry_at=micros(4))
    log.add(4, "run_failed", error=ERROR)
    text = drawn(log, width=width, status=RunStatus.FAILED, ended_at=at(4))
    assert max(map(len, text.splitlines())) <= width
    assert "✗ failed  pay in 4.00 s" in text
    assert "PaymentError: card refused" in text
    assert ("━" in text) == (width > 60)


def test_a_blocked_run_says_why() -> None:
    assert "does not fit" in drawn(Log(), status=RunStatus.BLOCKED, problem="it does not fit")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, ("0.0 ms", "+0.000 s", "0s", "0.0 s")),
        (0.0123, ("12 ms", "+0.012 s", "0s", "0.0 s")),
        (1.2345, ("1.23 s", "+1.234 s", "1s", "1.2 s")),
        (59.99, ("1m 0s", "+1m 0s", "1m 0s", "1m 0s")),
        (200, ("3m 20s", "+3m 20s", "3m 20s", "3m 20s")),
        (3 * 86_400 - 1, ("3d 0h", "+3d 0h", "3d 0h", "3d 0h")),
    ],
)
def test_lengths_in_words(seconds: float, said: tuple[str, ...]) -> None:
    span = timedelta(seconds=seconds)
    assert (length(span), offset(span), rough(span), ticking(span)) == said


def test_how_long_ago() -> None:
    assert ago(at(0), at(7300)) == "2h ago"
    assert ago(at(90), at(0)) == "in 1m"


def test_when_a_run_was_created_and_when_it_was_started() -> None:
    assert "created 2026-" in drawn(Log(), started_at=at(0.25))
    assert "· started +0.250 s" in drawn(Log(), started_at=at(0.25))
    assert "· not started yet" in drawn(Log(), started_at=None, status=RunStatus.PENDING)


def test_hooks_stand_on_the_timeline() -> None:
    log = Log().add(1, "hook_opened", id="hook#1", expires_at=micros(60), line="shop.py:4")
    log.add(2, "hook_conflicted", id="hook#2", token="order:7", owner="run_other")
    opened = log.entry("hook#1")
    assert (opened.kind, opened.state, opened.until) == ("hook", "waiting", at(60))
    assert log.entry("hook#2").remark == "the token order:7 is that of run_other"
    for seconds in (3, 4):
        log.add(seconds, "hook_received", id="hook#1", payload=1)
    log.add(4, "hook_received", token="order:8", payload=3)
    assert log.entry("@5").name == "payload for order:8"
    assert (log.entry("hook#1").state, log.entry("hook#1").received) == ("waiting", 2)
    log.add(5, "hook_opened", id="hook#3").add(6, "hook_opened", id="hook#4")
    log.add(7, "hook_expired", id="hook#3", deadline=micros(7)).add(8, "hook_disposed", id="hook#9")
    log.add(9, "hook_disposed", id="hook#1").add(10, "run_completed", result=1)
    first, expired, left = [log.entry(f"hook#{number}") for number in (1, 3, 4)]
    assert (first.state, first.ended_at) == ("completed", at(4))
    assert (expired.state, expired.remark, expired.ended_at) == ("cancelled", "expired", at(7))
    assert (left.state, left.ended_at) == ("cancelled", at(10))
