"""Reading server-sent events as browsers do."""

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx


class Message(NamedTuple):
    """One event."""

    id: str | None
    name: str
    data: Any


async def messages(answer: httpx.Response) -> AsyncIterator[Message]:
    """The events of a response, as they come. Comments and what has no data are left out."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif not line:
            if "data" in fields:
                yield Message(fields.get("id"), fields.get("event", ""), json.loads(fields["data"]))
            fields = {}


async def read(client: httpx.AsyncClient, path: str, last: str | None = None) -> list[Message]:
    """All events of a feed that ends."""
    headers = {} if last is None else {"Last-Event-ID": last}
    async with client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        return [one async for one in messages(answer)]
