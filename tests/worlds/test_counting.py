"""How many there are, told from both ends of a stretch."""

from collections.abc import Sequence

import pytest

from outlast.worlds.counting import Ends, Stretch, how_many

STRETCH = Stretch(0, 1_000)


def ends(moments: Sequence[int], most: int) -> Ends:
    """As a database counts them."""
    early = sorted(moments)[: (most + 1) // 2]
    edge = early[-1] if early else None
    before = sum(at < edge for at in early) if edge is not None else 0
    late = sorted([at for at in moments if edge is not None and at >= edge], reverse=True)
    late = late[: most - before]
    return Ends(len(early), before, edge, len(late), late[-1] if late else None)


@pytest.mark.parametrize("number", [0, 1, 9, 10, 11, 19])
def test_few_are_counted(number: int) -> None:
    assert how_many(STRETCH, ends(range(number), 20), 20) == number


def test_runs_of_one_moment_are_counted_too() -> None:
    assert how_many(STRETCH, ends([7] * 9 + [8] * 6, 20), 20) == 15


def test_many_that_are_evenly_spread_are_estimated() -> None:
    assert how_many(STRETCH, ends(range(0, 1_000, 2), 20), 20) == pytest.approx(500, rel=0.1)


def test_a_burst_is_not_taken_for_the_whole() -> None:
    """300 at once at the beginning: the density of their first ten would be ten thousand."""
    burst = [n // 10 for n in range(300)]

    assert how_many(STRETCH, ends(burst, 20), 20) <= 300


def test_an_estimate_is_never_below_what_would_be_exact() -> None:
    assert how_many(STRETCH, ends([5] * 400, 20), 20) == 20
