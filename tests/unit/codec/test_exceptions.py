"""Exceptions come back as they were, or as a stand-in that tells of them; writing one never fails."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from pydantic_core import PydanticCustomError

from outlast._codec import Codec, Dropped, recorded_traceback
from outlast.errors import DecodeError, RecordedError, StepFailedError
from tests.unit.codec import samples

CODEC = Codec()


def _back(error: BaseException) -> Any:
    back = CODEC.decode_error(CODEC.encode_error(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.__traceback__ is None
    return back


def _raised(raiser: Callable[[], object]) -> BaseException:
    try:
        raiser()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def _caused() -> None:
    try:
        try:
            int("x")
        except ValueError as error:
            raise samples.PaymentError(7) from error
    except samples.PaymentError:
        raise LookupError("third") from None


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        ValueError("plain", 1, (2,)),
        KeyError("key"),
        asyncio.CancelledError("stop"),
        KeyboardInterrupt(),
        samples.PaymentError(7),
        samples.SlottedError(3),
        samples.DataError(1, {2}),
        samples.AttrsError(4),
        StepFailedError("charge", "charge#1", 2, error_type="ValueError", error_message="m"),
        RecordedError("shop.GoneError", "gone", "text"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_it_comes_back(error: BaseException) -> None:
    back = _back(error)
    assert back.args == error.args
    for name in ("order", "code", "detail", "step_id", "attempts", "error_type", "hint", "client"):
        assert getattr(back, name, None) == getattr(error, name, None)


@pytest.mark.parametrize(
    ("raiser", "names"),
    [
        (lambda: open("/nowhere/at/all"), ["errno", "strerror", "filename", "args"]),  # noqa: PTH123, SIM115
        (lambda: b"\xff".decode(), ["encoding", "object", "start", "end", "reason"]),
        (lambda: "\ud800".encode(), ["encoding", "object", "start", "end", "reason"]),
        (lambda: compile("a b", "f.py", "exec"), ["lineno", "offset", "filename", "text", "msg"]),
        (lambda: __import__("no_such_module"), ["name", "path", "msg"]),
        (lambda: no_such_name, ["name"]),  # type: ignore[name-defined] # noqa: F821
        (lambda: samples.Plain().missing, ["name"]),  # type: ignore[attr-defined]
        (lambda: next(iter(())), ["value"]),
        (lambda: exit(3), ["code"]),
        (lambda: json.loads("{"), ["msg", "doc", "pos", "lineno", "colno"]),
    ],
)
def test_what_python_keeps_in_its_own_exceptions_comes_back(
    raiser: Callable[[], object], names: list[str]
) -> None:
    error = _raised(raiser)
    back = _back(error)
    assert [getattr(back, name) for name in names] == [getattr(error, name) for name in names]


def test_init_is_not_called() -> None:
    error = samples.PaymentError(7)
    error.args = ("changed", 1)
    back = _back(error)
    assert (back.args, back.order) == (("changed", 1), 7)


def test_causes_come_back_as_a_chain() -> None:
    try:
        try:
            int("x")
        except ValueError as error:
            raise samples.PaymentError(7) from error
    except samples.PaymentError as error:
        back = _back(error)
    assert isinstance(back.__cause__, ValueError)
    assert back.__suppress_context__


def test_context_comes_back_unless_it_is_suppressed() -> None:
    def fail_twice() -> None:
        try:
            int("x")
        except ValueError:
            raise LookupError("second")  # noqa: B904

    back = _back(_raised(fail_twice))
    assert isinstance(back.__context__, ValueError)
    assert not back.__suppress_context__
    suppressed = _back(_raised(_caused))
    assert suppressed.__context__ is None
    assert suppressed.__suppress_context__


@pytest.mark.parametrize("group", [ExceptionGroup, samples.PatientGroup])
def test_groups_come_back_with_their_members(group: type[ExceptionGroup[Exception]]) -> None:
    error = group("several", [ValueError(1), ExceptionGroup("inner", [samples.PaymentError(2)])])
    back = _back(error)
    assert back.message == "several"
    assert [type(each) for each in back.exceptions] == [ValueError, ExceptionGroup]
    assert back.exceptions[1].exceptions[0].order == 2


def test_a_group_of_base_exceptions_comes_back() -> None:
    back = _back(BaseExceptionGroup("g", [KeyboardInterrupt()]))
    assert isinstance(back.exceptions[0], KeyboardInterrupt)


def test_notes_come_back() -> None:
    error = ValueError("x")
    error.add_note("while charging")
    error.add_note("\ud800")
    assert _back(error).__notes__ == ["while charging", "\\ud800"]


def test_what_has_no_form_is_dropped_with_a_mark() -> None:
    lock = threading.Lock()
    error = samples.PaymentError(7, client=lock)
    error.args = (lock, {"deep": [lock]}, 3)
    back = CODEC.decode_error(CODEC.encode_error(error))
    assert isinstance(back, samples.PaymentError)
    assert back.args == (Dropped("_thread.lock"), Dropped("dict"), 3)
    assert back.client == Dropped("_thread.lock")
    assert repr(back.client) == "<dropped _thread.lock>"
    assert CODEC.encode_error(back).count(b'"dropped"') == 3


class TestTracebacks:
    def test_the_text_is_kept(self) -> None:
        payload = CODEC.encode_error(_raised(lambda: int("one")))
        text = CODEC.describe_error(payload).traceback
        assert text.startswith("Traceback (most recent call last):\n")
        assert "in _raised" in text
        assert text.endswith("ValueError: invalid literal for int() with base 10: 'one'\n")
        assert recorded_traceback(CODEC.decode_error(payload)) == text

    def test_an_error_recorded_twice_keeps_both_texts(self) -> None:
        first = CODEC.decode_error(CODEC.encode_error(_raised(lambda: 1 // 0)))
        assert recorded_traceback(
            CODEC.decode_error(CODEC.encode_error(first))
        ) == recorded_traceback(first)

        def raise_again() -> None:
            raise first

        text = CODEC.describe_error(CODEC.encode_error(_raised(raise_again))).traceback
        assert (
            text.index("in <lambda>") < text.index("raised again:") < text.index("in raise_again")
        )

    def test_other_exceptions_have_none(self) -> None:
        assert recorded_traceback(ValueError()) == ""

    def test_a_description_reads_like_python_s_own(self) -> None:
        def chain() -> None:
            try:
                int("x")
            except ValueError as error:
                raise samples.PaymentError(7) from error

        text = CODEC.describe_error(CODEC.encode_error(_raised(chain)))
        assert text.type == "tests.unit.codec.samples.PaymentError"
        assert text.message == "order 7 was not paid"
        cause, _, rest = text.traceback.partition(
            "\nThe above exception was the direct cause of the following exception:\n\n"
        )
        assert "invalid literal for int()" in cause
        assert rest.startswith("Traceback")
        assert CODEC.describe_error(CODEC.encode_error(KeyError("a"))).type == "KeyError"


class TestStandIns:
    def _payload(self, **parts: object) -> bytes:
        return msgspec.json.encode({"$type": "exception", "message": "no money", **parts})

    def test_an_unknown_class(self) -> None:
        payload = self._payload(**{"class": "shop.gone:Bank.Error", "traceback": "Traceback ..."})
        error = CODEC.decode_error(payload)
        assert isinstance(error, RecordedError)
        assert str(error) == "shop.gone.Bank.Error: no money"
        assert error.error_type == "shop.gone.Bank.Error"
        assert (error.error_message, error.error_traceback) == ("no money", "Traceback ...")
        assert recorded_traceback(error) == "Traceback ..."

    def test_its_chain_is_still_rebuilt(self) -> None:
        cause = {"$type": "exception", "class": "builtins:KeyError", "args": ["k"]}
        error = CODEC.decode_error(self._payload(**{"class": "shop.gone:E", "cause": cause}))
        assert isinstance(error.__cause__, KeyError)

    def test_a_class_that_cannot_be_rebuilt(self) -> None:
        error = PydanticCustomError("short", "too {how}", {"how": "short"})
        back = CODEC.decode_error(CODEC.encode_error(error))
        assert isinstance(back, RecordedError)
        assert "too short" in str(back)

    def test_a_part_that_cannot_be_read_is_dropped_alone(self) -> None:
        gone = {"$type": "object", "class": "shop.gone:Order", "fields": {}}
        payload = self._payload(
            **{
                "class": "builtins:ValueError",
                "args": [gone, {"$type": 1}, 2],
                "attributes": {"o": gone},
            }
        )
        error = CODEC.decode_error(payload)
        assert error.args == (Dropped("shop.gone.Order"), Dropped("object"), 2)
        assert vars(error)["o"] == Dropped("shop.gone.Order")

    @pytest.mark.parametrize(
        "parts",
        [
            {},
            {"class": 1},
            {"class": "builtins:ValueError", "args": 1, "attributes": [], "notes": 1, "cause": 2},
            {"class": "builtins:ExceptionGroup", "members": []},
            {"class": "builtins:ExceptionGroup", "members": [1]},
            {"class": "builtins:OSError", "attributes": {"errno": "x", "__class__": 1, "args": 1}},
        ],
    )
    def test_whatever_the_form_there_is_an_exception(self, parts: dict[str, object]) -> None:
        payload = self._payload(**parts)
        assert isinstance(CODEC.decode_error(payload), Exception)
        assert CODEC.describe_error(payload).message == "no money"

    @pytest.mark.parametrize("payload", [b"", b"1", b"[]", b"{}", b'{"$type":"tuple","items":[]}'])
    def test_what_is_no_exception_is_a_decode_error(self, payload: bytes) -> None:
        with pytest.raises(DecodeError):
            CODEC.decode_error(payload)
        with pytest.raises(DecodeError):
            CODEC.describe_error(msgspec.Raw(payload))


def test_exceptions_are_values_too() -> None:
    back = CODEC.decode(CODEC.encode({"results": [1, ValueError("x"), (KeyError(2),)]}))
    assert repr(back) == "{'results': [1, ValueError('x'), (KeyError(2),)]}"


def test_stop_iteration_and_exits_are_returned_not_raised() -> None:
    assert [
        type(error) for error in CODEC.decode(CODEC.encode([StopIteration(1), SystemExit(2)]))
    ] == [
        StopIteration,
        SystemExit,
    ]


class _OddError(Exception):
    """Raises wherever it is looked at."""

    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __str__

    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)


class _ArgsError(Exception):
    args = property(lambda self: 1 // 0)

    def __reduce__(self) -> Any:
        raise ZeroDivisionError


class _NewError(Exception):
    def __new__(cls, *_: object, must: int) -> Any:
        return super().__new__(cls, must)

    def __init__(self, *, must: int) -> None:
        super().__init__(must)


def _itself() -> BaseException:
    error = ValueError("itself")
    error.__cause__ = error
    return error


def _holder() -> BaseException:
    error = samples.PaymentError(1)
    error.client = [error]
    return error


def _loop() -> BaseException:
    error, other = ValueError("a"), KeyError("b")
    error.__context__, other.__context__ = other, error
    return error


def _noted() -> BaseException:
    error = ValueError("x")
    vars(error)["__notes__"] = 3
    return error


def _long_chain() -> BaseException:
    first = error = ValueError("first")
    for _ in range(3000):
        error.__cause__ = error = ValueError("next")
    return first


def _deep_group() -> BaseException:
    group: Exception = ValueError("deep")
    for _ in range(300):
        group = ExceptionGroup("g", [group])
    return group


def _bomb() -> BaseException:
    value: Any = 1
    for _ in range(40):
        value = [value, value]
    return samples.PaymentError(1, client=value)


def _endless() -> BaseException:
    def recurse() -> None:
        recurse()

    return _raised(recurse)


ODD: dict[str, Callable[[], BaseException]] = {
    "everything raises": lambda: _OddError(1),
    "args raises": lambda: _ArgsError(1),
    "new wants more": lambda: _NewError(must=1),
    "its own cause": _itself,
    "holds itself": _holder,
    "contexts in a loop": _loop,
    "notes are no list": _noted,
    "a long chain": _long_chain,
    "a deep group": _deep_group,
    "shares parts without end": _bomb,
    "holds what has no form": lambda: ValueError(ValueError(samples.Plain())),
    "texts without a UTF-8 form": lambda: ValueError("\ud800", b"\xff", float("nan")),
    "a module that is no text": lambda: type("Odd", (Exception,), {"__module__": 3})("x"),
    "a recursion error": _endless,
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD.keys())
def test_writing_an_exception_never_fails(make: Callable[[], BaseException]) -> None:
    payload = CODEC.encode_error(make())
    assert type(CODEC.decode_error(payload)).__mro__[-2] is BaseException
    assert CODEC.describe_error(payload).type


@pytest.mark.parametrize(
    "error", [ValueError("x" * 10_000_000), samples.DataError(1, ["y"] * 300_000)]
)
def test_an_exception_too_large_is_cut(error: BaseException) -> None:
    error.__cause__ = KeyError("k")
    payload = CODEC.encode_error(error)
    assert len(payload) < 1_000_000
    back = CODEC.decode_error(payload)
    assert type(back) is type(error)
    assert isinstance(back.__cause__, KeyError)
    assert Codec(limit=100).encode_error(error)


def test_a_class_whose_new_wants_more_comes_back() -> None:
    assert _back(_NewError(must=3)).args == (3,)


def test_exceptions_that_a_function_defines_come_back_as_text_in_every_process() -> None:
    class LocalError(Exception):
        pass

    back = CODEC.decode_error(CODEC.encode_error(LocalError("x", samples.Point(1))))
    assert isinstance(back, RecordedError)
    assert back.error_type.endswith("<locals>.LocalError")
    assert "LocalError" in recorded_traceback(back)
