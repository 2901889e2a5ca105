"""Cutting long values, for those who only look."""

from typing import Any

import msgspec

from outlast.records import EventRecord, StepRecord


def cut_event(one: EventRecord, longest: int | None) -> EventRecord:
    """The event, with those values of its data cut whose JSON has more bytes."""
    if longest is None:
        return one
    data = {name: cut(value, longest) for name, value in one.data.items()}
    return msgspec.structs.replace(one, data=data)


def cut_step(one: StepRecord, longest: int | None) -> StepRecord:
    """The step, with its input and result cut."""
    if longest is None:
        return one
    return msgspec.structs.replace(
        one, input=cut(one.input, longest), result=cut(one.result, longest)
    )


def cut(value: Any, longest: int) -> Any:
    """The value; or how long its JSON is, with the beginning, where that is longer."""
    data = msgspec.json.encode(value)
    if len(data) <= longest:
        return value
    return {"$cut": len(data), "head": data[:longest].decode(errors="ignore")}
