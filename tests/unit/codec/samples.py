"""One class of each kind that payloads hold, and how tests compare values."""

import math
from dataclasses import InitVar, dataclass, field
from datetime import datetime, time
from decimal import Decimal
from enum import Enum, Flag, IntEnum, IntFlag, StrEnum, auto
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

import attrs
import msgspec
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel

T = TypeVar("T")


class Colour(Enum):
    RED = (255, 0, 0)
    GREEN = (0, 255, 0)
    ROUGE = RED


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Unit(StrEnum):
    METRE = "m"


class Right(Flag):
    READ = auto()
    WRITE = auto()


class Bits(IntFlag):
    ONE = 1
    TWO = 2


@dataclass
class Order:
    id: int
    lines: Any = field(default_factory=list)
    note: str = ""

    class Line(NamedTuple):
        article: str
        count: Any = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    amount: Any
    currency: str = "EUR"


@dataclass
class Derived:
    width: Any
    factor: InitVar[int] = 2
    area: Any = field(init=False)
    unset: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self, factor: int) -> None:
        self.area = (self.width, factor)
        self.beyond = [self.width]

    @cached_property
    def costly(self) -> object:
        return object()


@dataclass
class Box(Generic[T]):
    item: T


@dataclass
class Strict:
    number: int

    def __setattr__(self, name: str, value: object) -> None:
        if value == 0:
            raise ValueError(value)
        super().__setattr__(name, value)


@attrs.define
class Customer:
    name: Any
    _secret: Any = attrs.field(default="x", alias="hush")
    seen: Any = attrs.field(init=False, factory=list)


@attrs.frozen(cache_hash=True)
class Address:
    street: str
    parts: Any = ()


@attrs.frozen(cache_hash=True, slots=False)
class OldAddress:
    street: str


class Point(msgspec.Struct, frozen=True):
    x: Any
    y: Any = 0


class Tagged(msgspec.Struct, tag="t", array_like=True, rename="camel"):
    long_name: Any
    other: Any = msgspec.field(default_factory=list, name="$type")


class Counted(msgspec.Struct):
    count: int

    def __post_init__(self) -> None:
        self.count += 1


class Pair(NamedTuple):
    left: Any
    right: Any = None


class PairPlus(Pair):
    """A subclass of a NamedTuple, which has a `__dict__`."""


class Person(BaseModel):
    name: str
    tags: Any = Field(default=(), alias="labels")
    born: datetime | None = None
    _score: Any = PrivateAttr(default=1)
    _empty: int = PrivateAttr()

    model_config = ConfigDict(populate_by_name=True)


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    id: int


class Numbers(RootModel[list[int]]):
    pass


class Page(BaseModel, Generic[T]):
    items: list[T]


class PaymentError(Exception):
    def __init__(self, order: int, *, client: object = None) -> None:
        super().__init__(f"order {order} was not paid")
        self.order = order
        self.client = client


class SlottedError(ValueError):
    __slots__ = ("code",)

    def __init__(self, code: int) -> None:
        super().__init__("slotted")
        self.code = code


@dataclass
class DataError(Exception):
    code: int
    detail: Any = None


@attrs.define
class AttrsError(Exception):
    code: int


class PatientGroup(ExceptionGroup[Exception]):
    pass


class Plain:
    """Of no kind that is stored."""


class Named(dict[str, int]):
    """A subclass that would lose its type."""


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal and of equal types all the way down; NaN equals itself."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float | Decimal | complex):
        return repr(left) == repr(right)
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, set | frozenset):
        return same(sorted(map(repr, left)), sorted(map(repr, right)))
    if isinstance(left, datetime | time):
        return repr(left) == repr(right)
    if isinstance(left, Order | Money | Customer | Point | Person):
        return _same_fields(left, right)
    return bool(left == right)


def _same_fields(left: Any, right: Any) -> bool:
    names = [
        *getattr(left, "__dict__", ()),
        *getattr(left, "__slots__", ()),
        *getattr(left, "__struct_fields__", ()),
    ]
    fields = [name for name in names if not name.startswith("__")]
    return all(same(getattr(left, name), getattr(right, name)) for name in fields)


def is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
