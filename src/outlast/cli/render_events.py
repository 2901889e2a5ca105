"""Events of a log as rows."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from outlast._api.inspection import error_text
from outlast.cli.consoles import harmless
from outlast.cli.plain import call_text, cut, short_text
from outlast.cli.render_timeline import error_line
from outlast.cli.times import length, moment, offset
from outlast.records import EventRecord

LONGEST = 100
"""So many characters are shown of what an event carries."""


def events_table(events: Sequence[EventRecord], created_at: datetime) -> Table:
    """One row each: position, time from the start, kind, whose, and what came of it."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=32, style="bold")
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for event in events:
        table.add_row(
            str(event.position),
            offset(event.at - created_at),
            Text(event.kind, style=_style(event.kind)),
            _whose(event),
            event_summary(event),
        )
    return table


def event_line(event: EventRecord, created_at: datetime) -> str:
    """One event as a line of text, for following."""
    parts = (str(event.position), offset(event.at - created_at), event.kind, _whose(event))
    line = "  ".join([*(part for part in parts if part), event_summary(event)])
    return harmless(line).rstrip()


def event_summary(event: EventRecord) -> str:
    """What the event carries, in few words."""
    data = event.data
    match event.kind:
        case "run_created":
            return f"({call_text(data.get('input'), LONGEST)})"
        case "step_started" | "step_completed" | "step_retried":
            return _step_summary(event)
        case "step_failed" | "child_failed" | "run_failed":
            return _error(data)
        case "child_started":
            return f"{data['workflow']}  {data['run_id']}"
        case "run_completed" | "child_completed":
            return short_text(data["result"], LONGEST)
        case _:
            return _rest(data)


def _step_summary(event: EventRecord) -> str:
    data = event.data
    match event.kind:
        case "step_started":
            return f"attempt {data['attempt']} is under way"
        case "step_completed":
            return f"{_took(event)}  {short_text(data['result'], LONGEST)}"
        case _:
            after = length(moment(data["retry_at"]) - event.at)
            return f"{_took(event)}  {_error(data)}, next attempt in {after}"


def _took(event: EventRecord) -> str:
    attempt, began = event.data["attempt"], moment(event.data["started_at"])
    took = length(event.at - began)
    return took if attempt == 1 else f"{took}, attempt {attempt}"


def _error(data: dict[str, Any]) -> str:
    return error_line(error_text(data["error"]))


def _whose(event: EventRecord) -> str:
    return str(event.data.get("id") or event.data.get("workflow") or "")


def _rest(data: dict[str, Any]) -> str:
    if "waits" in data:  # what a wake has ended
        return ", ".join(waiting["ref"] for waiting in data["waits"])
    known = {"id", "line", "deadline", "started_at", "run_id"}
    left = {key: item for key, item in data.items() if key not in known}
    return cut(json.dumps(left, ensure_ascii=False), LONGEST) if left else ""


def _style(kind: str) -> str:
    match kind.rpartition("_")[2]:
        case "completed":
            return "green"
        case "failed":
            return "red"
        case "cancelled" | "retried":
            return "yellow"
        case _:
            return ""
