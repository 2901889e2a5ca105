"""What workflow code sees in place of clocks, chance, and what else differs between processes: the
same calls, with values of the run.

Each function takes the run's sources, the real function, and the arguments of the call. Outside of a
run the real function is called instead.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from outlast._clock import to_seconds
from outlast._engine.sources import Sources, current_sources
from outlast._ids import Chance, seeded_uuid4
from outlast._registry.check_rules import Rule

_Draw: TypeAlias = Callable[..., Any]


def drawn(rule: Rule, real: Any) -> Any:
    """The stand-in for a function or class that a rule calls deterministic."""
    module, _, name = rule.name.rpartition(".")
    if isinstance(real, type):
        return _CLASSES[rule.name](real)
    return _deterministic(
        real, _chance_method(name) if module == "random" else _FUNCTIONS[rule.name]
    )


def _deterministic(real: Callable[..., Any], draw: _Draw) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        sources = current_sources()
        if sources is None:
            return real(*args, **kwargs)
        return draw(sources, real, *args, **kwargs)

    return call


# Chance


def _chance_method(name: str) -> _Draw:
    def draw(sources: Sources, _real: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(sources.chance, name)(*args, **kwargs)

    return draw


def _random_bytes(sources: Sources, _real: Any, size: int | None = None, _flags: int = 0) -> bytes:
    return sources.chance.randbytes(32 if size is None else size)


def _token_hex(sources: Sources, real: Any, nbytes: int | None = None) -> str:
    return _random_bytes(sources, real, nbytes).hex()


def _token_urlsafe(sources: Sources, real: Any, nbytes: int | None = None) -> str:
    # The real function spells whatever bytes it gets; only the bytes are chance.
    spell = real.__globals__["base64"].urlsafe_b64encode
    text: bytes = spell(_random_bytes(sources, real, nbytes))
    return text.rstrip(b"=").decode("ascii")


def _choice(sources: Sources, _real: Any, seq: Any) -> Any:
    return sources.chance.choice(seq)


def _randbelow(sources: Sources, _real: Any, exclusive_upper_bound: int) -> int:
    if exclusive_upper_bound <= 0:
        raise ValueError("Upper bound must be positive.")
    return sources.chance.randrange(exclusive_upper_bound)


def _randbits(sources: Sources, _real: Any, k: int) -> int:
    return sources.chance.getrandbits(k)


# UUIDs

_GREGORIAN: Final = 0x01B21DD213814000
"""1970 in the count of UUIDs: 100 ns since 15 October 1582."""


def _uuid1(
    sources: Sources, _real: Any, node: int | None = None, clock_seq: int | None = None
) -> Any:
    drawn_id = seeded_uuid4(sources.chance)
    ticks = sources.now() * 10 + _GREGORIAN
    sequence = drawn_id.clock_seq if clock_seq is None else clock_seq & 0x3FFF
    fields = (
        ticks & 0xFFFFFFFF,
        (ticks >> 32) & 0xFFFF,
        (ticks >> 48) & 0x0FFF,
        sequence >> 8,
        sequence & 0xFF,
        drawn_id.node if node is None else node,
    )
    return type(drawn_id)(fields=fields, version=1)


def _uuid4(sources: Sources, _real: Any) -> Any:
    return seeded_uuid4(sources.chance)


def _uuid6(
    sources: Sources, _real: Any, node: int | None = None, clock_seq: int | None = None
) -> Any:
    drawn_id = seeded_uuid4(sources.chance)
    ticks = sources.now() * 10 + _GREGORIAN
    sequence = drawn_id.clock_seq if clock_seq is None else clock_seq & 0x3FFF
    high = ((ticks >> 12) << 16) | 0x6000 | (ticks & 0x0FFF)
    low = (0x8000 | sequence) << 48 | (drawn_id.node if node is None else node)
    return type(drawn_id)(int=(high << 64) | low)


def _uuid7(sources: Sources, _real: Any) -> Any:
    drawn_id = seeded_uuid4(sources.chance)
    random_part = drawn_id.int & ~(0xFFFF_FFFF_FFFF_F000 << 64)
    return type(drawn_id)(int=((sources.now() // 1000) << 80) | (0x7000 << 64) | random_part)


# Time


def _seconds(sources: Sources, _real: Any, *_clock: Any) -> float:
    return to_seconds(sources.now())


def _nanoseconds(sources: Sources, _real: Any, *_clock: Any) -> int:
    return sources.now() * 1000


def _of_now(sources: Sources, real: Any, seconds: float | None = None) -> Any:
    return real(to_seconds(sources.now()) if seconds is None else seconds)


def _asctime(sources: Sources, real: Any, *given: Any) -> str:
    text: str = real(*(given or (_local_time(sources),)))
    return text


def _strftime(sources: Sources, real: Any, form: str, *given: Any) -> str:
    text: str = real(form, *(given or (_local_time(sources),)))
    return text


def _local_time(sources: Sources) -> Any:
    return datetime.fromtimestamp(to_seconds(sources.now()), UTC).astimezone().timetuple()


# Tasks


def _as_completed(_sources: Sources, real: Any, fs: Any, *, timeout: float | None = None) -> Any:
    """With the tasks made in the order of what was given, each once."""
    if isinstance(fs, Awaitable):  # the real function tells what is wrong with that
        return real(fs, timeout=timeout)
    tasks = [asyncio.ensure_future(one) for one in dict.fromkeys(fs)]
    return real(tasks, timeout=timeout)


def _eager_task(_sources: Sources, _real: Any, loop: Any, coro: Any, **options: Any) -> Any:
    """A task that begins in its turn as every other one."""
    return loop.create_task(coro, **options)


_FUNCTIONS: Final[Mapping[str, _Draw]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "time.time",
                "time.monotonic",
                "time.perf_counter",
                "time.process_time",
                "time.thread_time",
            ),
            _seconds,
        ),
        **dict.fromkeys(
            (
                "time.time_ns",
                "time.monotonic_ns",
                "time.perf_counter_ns",
                "time.process_time_ns",
                "time.thread_time_ns",
                "time.clock_gettime_ns",
            ),
            _nanoseconds,
        ),
        "time.clock_gettime": _seconds,
        "time.localtime": _of_now,
        "time.gmtime": _of_now,
        "time.ctime": _of_now,
        "time.asctime": _asctime,
        "time.strftime": _strftime,
        "uuid.uuid1": _uuid1,
        "uuid.uuid4": _uuid4,
        "uuid.uuid6": _uuid6,
        "uuid.uuid7": _uuid7,
        "secrets.token_bytes": _random_bytes,
        "secrets.token_hex": _token_hex,
        "secrets.token_urlsafe": _token_urlsafe,
        "secrets.choice": _choice,
        "secrets.randbelow": _randbelow,
        "secrets.randbits": _randbits,
        "os.urandom": _random_bytes,
        "os.getrandom": _random_bytes,
        "asyncio.as_completed": _as_completed,
        "asyncio.eager_task_factory": _eager_task,
    }
)


# Classes

_MAKE: Final = "__outlast_make__"


class _StandIn(type):
    """The type of classes that stand for their first base: they make its instances, and whatever is
    an instance of the base counts as one of theirs. They are classes, so that `match` takes them."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        make = cls.__dict__.get(_MAKE)
        return super().__call__(*args, **kwargs) if make is None else make(*args, **kwargs)

    def __instancecheck__(cls, value: object) -> bool:
        return (
            isinstance(value, _base(cls)) if _stands_in(cls) else super().__instancecheck__(value)
        )

    def __subclasscheck__(cls, value: type) -> bool:
        return (
            issubclass(value, _base(cls)) if _stands_in(cls) else super().__subclasscheck__(value)
        )

    def __eq__(cls, other: object) -> bool:
        return cls is other or (_stands_in(cls) and other is _base(cls))

    def __hash__(cls) -> int:
        return hash(_base(cls)) if _stands_in(cls) else super().__hash__()


def _base(cls: type) -> type:
    return cls.__bases__[0]


def _stands_in(cls: type) -> bool:
    return _MAKE in cls.__dict__


def _stand_in(real: type, make: Callable[..., Any], **methods: Any) -> Any:
    def schema(_cls: Any, _source: Any, handler: Callable[[type], Any]) -> Any:
        return handler(real)

    body = {
        _MAKE: staticmethod(make),
        "__slots__": (),
        "__module__": real.__module__,
        "__qualname__": real.__qualname__,
        "__doc__": real.__doc__,
        "__get_pydantic_core_schema__": classmethod(schema),
        **{name: staticmethod(method) for name, method in methods.items()},
    }
    return _StandIn(real.__name__, (real,), body)


def _datetime_class(real: type[datetime]) -> Any:
    def now(tz: tzinfo | None = None) -> datetime:
        sources = current_sources()
        return (
            real.now(tz) if sources is None else real.fromtimestamp(to_seconds(sources.now()), tz)
        )

    def utcnow() -> datetime:
        return now(UTC).replace(tzinfo=None)

    return _stand_in(real, real, now=now, utcnow=utcnow, today=now)


def _date_class(real: type[date]) -> Any:
    def today() -> date:
        sources = current_sources()
        return real.today() if sources is None else real.fromtimestamp(to_seconds(sources.now()))

    return _stand_in(real, real, today=today)


def _random_class(real: type[Chance]) -> Any:
    def make(x: Any = None) -> Chance:
        sources = current_sources()
        return real(x) if sources is None or x is not None else _seeded(sources)

    return _stand_in(real, make)


def _system_random_class(real: type[Chance]) -> Any:
    def make(*args: Any) -> Chance:
        sources = current_sources()
        return real(*args) if sources is None else _seeded(sources)

    return _stand_in(real, make)


def _seeded(sources: Sources) -> Chance:
    return Chance(sources.chance.getrandbits(128))


def _task_class(real: type[asyncio.Task[Any]]) -> Any:
    def make(coro: Any, *, loop: Any = None, **options: Any) -> Any:
        if current_sources() is None:
            return real(coro, loop=loop, **options)
        options.pop("eager_start", None)
        return asyncio.get_running_loop().create_task(coro, **options)

    return _stand_in(real, make)


def _future_class(real: type[asyncio.Future[Any]]) -> Any:
    def make(*, loop: Any = None) -> asyncio.Future[Any]:
        if current_sources() is None:
            return real(loop=loop)
        return asyncio.get_running_loop().create_future()

    return _stand_in(real, make)


_CLASSES: Final = MappingProxyType(
    {
        "asyncio.Task": _task_class,
        "asyncio.Future": _future_class,
        "datetime.datetime": _datetime_class,
        "datetime.date": _date_class,
        "random.Random": _random_class,
        "random.SystemRandom": _system_random_class,
    }
)
