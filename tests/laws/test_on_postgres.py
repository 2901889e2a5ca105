"""Each law over PostgreSQL, as often as a few seconds allow; `make laws` tries there what the other files try over every
world.

What is sampled, always by the same seeds: 2 crash points each of 6 shapes, and 2 deaths one after the other; 2 stalls
of 2 shapes; replay verified for 2 shapes; the wakes, payloads and chunks at whose commits the process dies or the answer
is lost; 2 shapes whose runs stay as they are. Waits, races, and several workers as elsewhere, each once.
"""

import random

import pytest

from outlast.testing import Crash, Fault, Unavailable
from tests.laws import (
    test_crash_points,
    test_fencing,
    test_hooks,
    test_kept_streams,
    test_outside,
    test_races,
    test_several_workers,
    test_step_workers,
    test_streams,
    test_terminal,
    test_verification,
    test_waits,
)
from tests.laws.checks import check_story
from tests.laws.data import Cover, MakeData
from tests.laws.lives import RUN, tell
from tests.laws.shapes import SHAPES


@pytest.mark.parametrize(
    "name", ["race", "retries", "children", "cancelled", "daily", "dispatched"]
)
def test_a_process_dies(name: str, make_postgres: MakeData, cover: Cover) -> None:
    """Laws 2 and 3."""
    reference = test_crash_points.undisturbed(make_postgres, SHAPES[name])
    points = list(test_crash_points.points_of(reference))
    for point in random.Random(name).sample(points, 2):
        test_crash_points.check_recovery(make_postgres, SHAPES[name], reference, point)
    cover("crash points", 2)


def test_a_process_dies_in_the_middle_of_recovery(make_postgres: MakeData, cover: Cover) -> None:
    """Law 2."""
    cover("pairs of crash points", test_crash_points.try_pairs(make_postgres, "children", 1))


@pytest.mark.parametrize("who", ["owner", "maker"])
def test_a_worker_of_steps_dies(who: str, make_postgres: MakeData, cover: Cover) -> None:
    """Laws 2 and 3, of steps that another worker makes."""
    cover("crash points", test_step_workers.try_points(make_postgres, who, sample=2))


@pytest.mark.parametrize("name", ["retries", "cancelled_child"])
def test_a_process_stands_still(name: str, make_postgres: MakeData, cover: Cover) -> None:
    """Law 4."""
    points = test_fencing.points_of(test_fencing.reference_of(make_postgres, name))
    chosen = random.Random(name).sample(points, 2)
    cover("stalls", test_fencing.try_stalls(make_postgres, name, chosen))


@pytest.mark.parametrize("name", ["race", "children"])
def test_replay_is_quiet(name: str, make_postgres: MakeData) -> None:
    """Law 1: each run is replayed from its log whenever it suspends, and at its end."""
    story = tell(
        make_postgres, lambda app: SHAPES[name].play(app, RUN), options=test_verification.VERIFYING
    )
    check_story(story)
    assert story.ended.result == SHAPES[name].ends


def test_changed_code_is_noticed(make_postgres: MakeData) -> None:
    """Law 1: what differs blocks the run, and a cancellation that comes just then is not lost."""
    test_verification.test_what_differs_blocks_the_run(
        test_verification.returns_the_execution, make_postgres
    )
    test_races.test_a_cancellation_while_a_run_becomes_blocked_is_not_lost(make_postgres, "cancel")


@pytest.mark.parametrize("flow", ["steps", "sleeps"])
@pytest.mark.parametrize(
    "fault",
    [
        Crash(call=4, of="commit"),
        Crash(call=3, of="commit", when="after"),
        Unavailable(call=4, of="commit", when="after"),
    ],
)
def test_a_payload_is_delivered_once(flow: str, fault: Fault, make_postgres: MakeData) -> None:
    """Law 5."""
    test_hooks.play(make_postgres, flow, fault, first=True)


def test_a_wake_counts_once(make_postgres: MakeData) -> None:
    """Law 5."""
    test_outside.test_a_wake_whose_answer_was_lost_ends_one_sleep_elsewhere(make_postgres, 3)


def test_a_stream_is_read_once(make_postgres: MakeData, cover: Cover) -> None:
    """Law 6."""
    told = test_streams.tell(make_postgres)
    test_streams.check(told)
    points = [
        *test_streams.points_of(told, "write_streams"),
        *test_streams.points_of(told, "commit"),
    ]
    chosen = random.Random("postgres").sample(points, 4)
    cover("crash points of streams", test_streams.try_all(make_postgres, chosen))


def test_what_is_kept_stays(make_postgres: MakeData, cover: Cover) -> None:
    """Law 6, of streams from which nothing is taken back."""
    points = test_kept_streams.points_of(test_kept_streams.tell(make_postgres), "write_streams")
    for point in random.Random("postgres kept").sample(points, 2):
        test_kept_streams.check(test_kept_streams.tell(make_postgres, point), point)
    cover("crash points of kept streams", 2)


def test_waits_end_once_and_not_early(make_postgres: MakeData) -> None:
    """Law 7."""
    test_waits.test_undisturbed_waits_end_on_the_microsecond(make_postgres)
    test_waits.test_a_clock_that_goes_backwards_only_delays(make_postgres, 30)


@pytest.mark.parametrize("name", ["cancelled", "detached"])
def test_the_end_is_the_end(name: str, make_postgres: MakeData) -> None:
    """Law 8."""
    test_terminal.test_a_run_that_is_over_stays_as_it_is(name, make_postgres)


def test_several_workers_share(make_postgres: MakeData) -> None:
    """Laws 2 to 4, of many runs on two workers of which one dies."""
    test_several_workers.test_they_share_the_work(make_postgres, 4)
