"""pydantic's `ValidationError` comes back as what it was, with all its details."""

import threading
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from outlast._codec import Codec, Dropped
from outlast.errors import RecordedError

CODEC = Codec()


class Room(BaseModel):
    guests: int = Field(default=1, gt=0, lt=10)
    kind: Literal["single", "double"] = "single"
    code: Annotated[str, Field(pattern="^[a-z]+$")] = "x"
    day: date | None = None
    note: Any = None

    @field_validator("note")
    @classmethod
    def _checked(cls, note: Any) -> Any:
        if note == "custom":
            raise PydanticCustomError("odd_note", "odd {what} {{here}}", {"what": "note"})
        assert note != "asserted", "not this note"
        if note == "refused":
            raise ValueError("no such note")
        return note


class Secret(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)
    key: int


def _raised(model: type[BaseModel], given: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return caught.value


@pytest.mark.parametrize(
    "given",
    [
        {"guests": 0, "kind": "triple", "code": "7", "day": "soon"},
        {"guests": "many", "note": "refused"},
        {"note": "asserted"},
        {"note": "custom"},
        {"guests": {"$type": (1, 2)}},
        [],
    ],
)
def test_it_comes_back_as_it_was(given: object) -> None:
    error = _raised(Room, given)
    error.add_note("while booking")
    back = CODEC.decode_error(CODEC.encode_error(error))
    assert isinstance(back, ValidationError)
    assert (str(back), back.title) == (str(error), "Room")
    assert repr(back.errors()) == repr(error.errors())
    assert back.__notes__ == ["while booking"]


def test_an_input_without_a_form_is_dropped_alone() -> None:
    error = _raised(Room, {"guests": threading.Lock(), "kind": 7})
    back = CODEC.decode_error(CODEC.encode_error(error))
    assert isinstance(back, ValidationError)
    assert [one["input"] for one in back.errors()] == [Dropped("_thread.lock"), 7]


def test_an_input_that_its_model_hides_is_not_recorded() -> None:
    error = _raised(Secret, {"key": "hunter2"})
    payload = CODEC.encode_error(error)
    assert b"hunter2" not in payload
    back = CODEC.decode_error(payload)
    assert isinstance(back, ValidationError)
    assert str(back) == str(error)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"validation": 1},
        {"validation": {"title": "T", "details": [{"type": "missing"}]}},
        {"validation": {"title": 7, "details": [{"type": "missing", "msg": "m"}]}},
        {"validation": {"title": "T", "details": [{"type": "greater_than", "msg": "m"}]}},
        {"validation": {"title": "T", "details": [{"type": 7, "msg": "m", "loc": [None]}]}},
        {"validation": {"title": "T", "details": [{"type": "missing", "msg": "m", "loc": 1}]}},
        {"validation": {"title": "T", "details": [{"type": "odd", "msg": 1, "ctx": 2}]}},
    ],
)
def test_what_pydantic_does_not_take_is_told_as_text(parts: dict[str, Any]) -> None:
    name = "pydantic_core._pydantic_core:ValidationError"
    form = {"$type": "exception", "class": name, "message": "1 error", **parts}
    assert isinstance(CODEC.decode_error(msgspec.json.encode(form)), RecordedError)
