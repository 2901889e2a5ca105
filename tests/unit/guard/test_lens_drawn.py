"""Through the lens, clocks and chance give values of the run."""

import inspect
import pickle
import random
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from pydantic import TypeAdapter

from outlast._engine.lens import see, through_lens
from outlast._engine.lens_drawn import _CLASSES, _FUNCTIONS
from outlast._engine.sources import current_sources
from outlast._registry.check_table import ROWS
from outlast._registry.durations import to_datetime
from tests.unit.guard.conftest import NOON, FixedSources, Turn, Write

SECONDS = NOON / 1_000_000
LOCAL = datetime.fromtimestamp(SECONDS)

CLOCKS: list[tuple[str, str, Any]] = [
    ("import datetime", "datetime.datetime.now()", LOCAL),
    ("import datetime as dt", "dt.datetime.now(dt.UTC)", LOCAL.astimezone(UTC)),
    ("from datetime import datetime, UTC", "datetime.now(tz=UTC)", LOCAL.astimezone(UTC)),
    ("from datetime import datetime", "datetime.today()", LOCAL),
    (
        "from datetime import datetime as D",
        "D.utcnow()",
        LOCAL.astimezone(UTC).replace(tzinfo=None),
    ),
    ("from datetime import datetime\nnow = datetime.now", "now()", LOCAL),
    ("import datetime", "datetime.date.today()", LOCAL.date()),
    ("from datetime import date", "date.today()", LOCAL.date()),
    ("import time", "time.time()", SECONDS),
    ("from time import time", "time()", SECONDS),
    ("from time import time as read", "read()", SECONDS),
    ("import time", "time.time_ns()", NOON * 1000),
    ("import time", "time.monotonic()", SECONDS),
    ("import time", "time.monotonic_ns()", NOON * 1000),
    ("from time import perf_counter", "perf_counter()", SECONDS),
    ("import time", "time.clock_gettime(time.CLOCK_REALTIME)", SECONDS),
    ("import time", "time.gmtime()", time.gmtime(SECONDS)),
    ("import time", "time.gmtime(0)", time.gmtime(0)),
    ("import time", "time.localtime()", time.localtime(SECONDS)),
    ("import time", "time.ctime()", time.ctime(SECONDS)),
    ("import time", "time.asctime()", time.asctime(time.localtime(SECONDS))),
    ("import time", "time.strftime('%Y-%m-%d %H:%M:%S')", f"{LOCAL:%Y-%m-%d %H:%M:%S}"),
    ("import time", "time.strftime('%Y', time.gmtime(0))", "1970"),
]

CHANCE = [
    ("import random", "random.random()"),
    ("from random import randint", "randint(1, 10**9)"),
    ("import random as r", "r.choice(range(10**9))"),
    ("import random", "random.sample(range(10**9), 3)"),
    ("import random", "random.Random().random()"),
    ("from random import Random", "Random(None).random()"),
    ("import random", "random.SystemRandom().random()"),
    ("import uuid", "uuid.uuid4()"),
    ("from uuid import uuid1", "uuid1()"),
    ("import secrets", "secrets.token_hex()"),
    ("import secrets", "secrets.token_bytes(9)"),
    ("from secrets import token_urlsafe", "token_urlsafe(12)"),
    ("import secrets", "secrets.choice(range(10**9))"),
    ("import secrets", "secrets.randbelow(10**9)"),
    ("import secrets", "secrets.randbits(64)"),
    ("import secrets", "secrets.SystemRandom().random()"),
    ("import os", "os.urandom(8)"),
    ("from os import urandom", "urandom(8)"),
]


@pytest.mark.parametrize(("imports", "code", "value"), CLOCKS)
def test_clocks_show_the_time_of_the_run(
    write: Write, turn: Turn, imports: str, code: str, value: Any
) -> None:
    flow = through_lens(write(f"{imports}\ndef flow(): return {code}").flow)
    with turn():
        shown = flow()
    assert shown == value
    assert type(shown) is type(value)


@pytest.mark.parametrize(("imports", "code"), CHANCE)
def test_chance_is_the_runs(write: Write, turn: Turn, imports: str, code: str) -> None:
    module = write(f"{imports}\ndef flow(): return {code}")
    flow = through_lens(module.flow)
    seen = []
    for seed in (1, 1, 2):
        with turn(seed):
            seen.append((flow(), flow()))
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]
    assert seen[0][0] != seen[0][1]
    assert type(seen[0][0]) is type(module.flow())


@pytest.mark.parametrize(("imports", "code"), [(row[0], row[1]) for row in CLOCKS] + CHANCE)
def test_imports_in_the_body_are_seen_through(
    write: Write, turn: Turn, imports: str, code: str
) -> None:
    body = imports.replace("\n", "; ")
    flow = through_lens(write(f"def flow():\n    {body}\n    return {code}").flow)
    seen = []
    for _ in range(2):
        with turn():
            seen.append(flow())
    assert seen[0] == seen[1]


def test_outside_of_a_run_all_is_real(write: Write) -> None:
    source = """
    import datetime, random, time, uuid
    def flow():
        rng = random.Random()
        return datetime.datetime.now(), time.time(), random.random(), uuid.uuid4(), rng.random()
    """
    flow = through_lens(write(source).flow)
    first, second = flow(), flow()
    assert abs(first[0] - datetime.now()) < timedelta(minutes=1)
    assert abs(first[1] - time.time()) < 60
    assert first[2:] != second[2:]


def test_seeded_chance_is_left_as_it_is(write: Write, turn: Turn) -> None:
    flow = through_lens(write("import random\ndef flow(): return random.Random(7).random()").flow)
    with turn():
        assert flow() == random.Random(7).random()


def test_seeding_seeds_the_run_alone(write: Write, turn: Turn) -> None:
    source = "import random\ndef flow():\n    random.seed(7)\n    return random.random()"
    state = random.getstate()
    flow = through_lens(write(source).flow)
    with turn():
        assert flow() == random.Random(7).random()
    assert random.getstate() == state


def test_ids_carry_their_version_and_time(write: Write, turn: Turn) -> None:
    source = "import uuid\ndef flow(): return uuid.uuid1(), uuid.uuid4(), uuid.uuid1(node=5, clock_seq=7)"
    flow = through_lens(write(source).flow)
    with turn():
        by_time, by_chance, given = flow()
    assert (by_time.version, by_chance.version) == (1, 4)
    assert (by_time.time - 0x01B21DD213814000) // 10 == NOON
    assert (given.node, given.clock_seq, given.version) == (5, 7, 1)


@pytest.mark.parametrize("version", [6, 7])
def test_ids_of_newer_pythons_are_spelled_right(version: int) -> None:
    draw = _FUNCTIONS[f"uuid.uuid{version}"]
    made = draw(FixedSources(1, NOON), None)
    assert isinstance(made, uuid.UUID)
    assert (made.version, made.variant) == (version, uuid.RFC_4122)
    assert draw(FixedSources(1, NOON + 1000), None) > made
    if version == 7:
        assert made.int >> 80 == NOON // 1000


def test_randbelow_refuses_what_the_real_one_refuses(write: Write, turn: Turn) -> None:
    flow = through_lens(write("import secrets\ndef flow(): secrets.randbelow(0)").flow)
    with turn(), pytest.raises(ValueError, match="positive"):
        flow()


def test_the_class_stands_for_datetime() -> None:
    stand_in = see(datetime)
    real = datetime(2024, 2, 3, tzinfo=UTC)
    made = stand_in(2024, 2, 3, tzinfo=UTC)
    assert type(made) is datetime
    assert made == real
    assert isinstance(real, stand_in)
    assert isinstance(real, see(date))
    assert not isinstance(date(2024, 2, 3), stand_in)
    assert issubclass(datetime, stand_in)
    assert issubclass(stand_in, datetime)
    assert issubclass(stand_in, see(date))
    assert stand_in == datetime
    assert datetime == stand_in
    assert {datetime: 1}[stand_in] == 1
    assert (stand_in.__name__, stand_in.__module__) == ("datetime", "datetime")


@pytest.mark.parametrize(
    "make",
    [
        lambda cls: cls.fromisoformat("2024-02-03T04:05:06"),
        lambda cls: cls.strptime("2024-02-03 04:05:06", "%Y-%m-%d %H:%M:%S"),
        lambda cls: cls.combine(date(2024, 2, 3), datetime.min.time()).replace(
            hour=4, minute=5, second=6
        ),
    ],
)
def test_other_constructors_make_real_datetimes(make: Any) -> None:
    made = make(see(datetime))
    assert type(made) is datetime
    assert made == datetime(2024, 2, 3, 4, 5, 6)
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - the bytes are ours


def test_the_class_serves_in_match_union_and_annotation() -> None:
    stand_in = see(datetime)
    match datetime(2024, 2, 3):
        case stand_in(year=year):
            assert year == 2024
    assert isinstance(None, stand_in | None)
    schema = TypeAdapter(list[stand_in])  # type: ignore[valid-type]  # a class by any other name
    assert schema.validate_python(["2024-02-03T00:00:00"]) == [datetime(2024, 2, 3)]


def test_a_class_derived_in_workflow_code_is_itself(write: Write, turn: Turn) -> None:
    source = """
    import random
    def flow():
        class Dice(random.Random):
            def roll(self): return self.randint(1, 6)
        return type(Dice(3)).__name__, isinstance(Dice(3), Dice), isinstance(random.Random(3), Dice)
    """
    flow = through_lens(write(source).flow)
    with turn():
        assert flow() == ("Dice", True, False)


def test_each_drawn_name_has_a_value(write: Write, turn: Turn) -> None:
    """The table promises it, and the lens keeps it."""
    for row in ROWS:
        for name in row.names if row.kind == "drawn" else ():
            full = f"{row.module}.{name}"
            assert row.module == "random" or full in _FUNCTIONS or full in _CLASSES


def test_the_sources_are_those_of_the_running_loop(turn: Turn) -> None:
    assert current_sources() is None
    with turn(at=1_000_001):
        sources = current_sources()
    assert sources is not None
    assert sources.now() == 1_000_001
    assert current_sources() is None


@pytest.mark.parametrize("at", [0, 1, 999_999, NOON, 4_102_444_799_999_999])
def test_datetimes_are_exact_to_the_microsecond(turn: Turn, at: int) -> None:
    with turn(at=at):
        shown = see(datetime).now(UTC)
        assert shown == to_datetime(at)


def test_constants_and_pure_functions_of_the_modules_stay(write: Write, turn: Turn) -> None:
    source = """
    import datetime, time, uuid, random
    def flow():
        return (datetime.timedelta(1), time.struct_time, uuid.NAMESPACE_DNS,
                uuid.uuid5(uuid.NAMESPACE_DNS, "x"), datetime.datetime.min, datetime.timezone.utc)
    """
    module = write(source)
    with turn():
        assert through_lens(module.flow)() == module.flow()


def test_a_stand_in_tells_of_the_real_function() -> None:
    assert see(time.time).__name__ == "time"
    assert inspect.signature(see(random.randint)) == inspect.signature(random.randint)
    assert isinstance(see(time), ModuleType)
