"""What is drawn from a seed."""

import pytest

from chaos.faults import NETWORK_KINDS, PROCESS_KINDS, SERVER_KINDS, Kind, Pause, draw
from chaos.programs import errands
from chaos.twin import undisturbed

ALL: tuple[Kind, ...] = (*PROCESS_KINDS, *NETWORK_KINDS, *SERVER_KINDS)


def test_a_seed_draws_the_same_again() -> None:
    assert errands(3, 20) == errands(3, 20)
    assert errands(3, 20) == errands(3, 40)[:20]
    assert errands(3, 20) != errands(4, 20)
    drawn = [draw(3, ALL, count=20, seconds=10, lease=2) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_every_kind_is_drawn_within_the_time() -> None:
    drawn = draw(1, ALL, count=len(ALL), seconds=10, lease=2)
    assert {kind for kind, _ in drawn} == set(ALL)
    times = [fault.at for _, fault in drawn]
    assert times == sorted(times)
    assert 0 < times[0] <= times[-1] <= 10


def test_a_pause_outlasts_the_lease() -> None:
    drawn = draw(1, ("pause",), count=50, seconds=10, lease=2)
    assert all(isinstance(fault, Pause) and fault.lasting > 2 for _, fault in drawn)


@pytest.mark.parametrize("count", [0, 3])
def test_so_many_as_are_asked_for(count: int) -> None:
    assert len(draw(1, ALL, count=count, seconds=10, lease=2)) == count


def test_what_a_run_comes_to_undisturbed_does_not_depend_on_its_neighbours() -> None:
    some = errands(11, 80)
    together, alone = undisturbed(some), undisturbed(some[40:])
    assert alone.items() <= together.items()
    statuses = {facts.status for facts in together.values()}
    assert statuses == {"completed", "failed", "cancelled"}
    for one in some:
        if one.act == "cancel":
            assert together[one.run_id].status == "cancelled"
