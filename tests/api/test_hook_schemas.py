"""What fits the schema of a hook, in a process that knows the type and in one that does not."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from pydantic import BaseModel, Field, field_validator

from outlast._api.hook_schemas import HookData, fitting, json_schema, type_name, typed
from outlast.errors import HookPayloadError


class Even(BaseModel):
    """Asks for more than its JSON Schema tells."""

    kind: Literal["even"] = "even"
    number: int

    @field_validator("number")
    @classmethod
    def check(cls, number: int) -> int:
        """Raises `ValueError`."""
        if number % 2:
            raise ValueError("it is odd")
        return number


class Other(BaseModel):
    kind: Literal["other"]


def known(schema: Any) -> HookData:
    return HookData(schema=msgspec.Raw(json_schema(schema)), type=type_name(schema))


def unknown(schema: Any) -> HookData:
    return HookData(schema=msgspec.Raw(json_schema(schema)))


ODD = {"kind": "even", "number": 1}


@pytest.mark.parametrize(
    ("schema", "bad"),
    [
        (Even, ODD),
        (Even | None, ODD),
        (list[Even], [ODD]),
        (dict[str, list[Even]], {"a": [ODD]}),
        (tuple[Even, ...], [ODD]),
        (Annotated[Even | Other, Field(discriminator="kind")], ODD),
    ],
)
def test_what_is_made_of_known_classes_is_checked_as_they_check_it(schema: Any, bad: Any) -> None:
    with pytest.raises(HookPayloadError, match="it is odd"):
        fitting(bad, known(schema))
    good = msgspec.json.decode(msgspec.json.encode(bad).replace(b":1", b":2"))
    assert fitting(good, known(schema)) == good


@pytest.mark.parametrize("data", [known, unknown])
@pytest.mark.parametrize(
    ("schema", "good"),
    [
        (date | None, "2026-11-23"),
        (list[datetime], ["2026-11-23T10:30:00Z"]),
        (dict[str, time], {"a": "10:30:00"}),
        (list[timedelta], ["PT5M"]),
        (UUID | None, "12345678-1234-5678-1234-567812345678"),
        (list[IPv4Address], ["127.0.0.1"]),
    ],
)
def test_the_run_can_read_what_was_taken(
    data: Callable[[Any], HookData], schema: Any, good: Any
) -> None:
    assert typed(fitting(good, data(schema)), schema) is not None
    bad = msgspec.json.decode(b'"nonsense"')
    with pytest.raises(HookPayloadError):
        fitting(
            [bad] if isinstance(good, list) else {"a": bad} if isinstance(good, dict) else bad,
            data(schema),
        )


def test_a_type_with_limits_of_its_own_is_known_by_its_json_schema() -> None:
    limited = Annotated[int, Field(gt=3)]
    assert type_name(limited) == type_name(list[limited]) == ""
    with pytest.raises(HookPayloadError):
        fitting([3], known(list[limited]))
