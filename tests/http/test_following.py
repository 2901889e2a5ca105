"""Following feeds across connections."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from outlast.errors import RequestError, RunNotFoundError, WorldUnavailableError
from outlast.http import RemoteApp, following
from outlast.http.following import Message, follow, read_messages

URL = "https://runs.example"
END = Message(None, "end", b"{}")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Come back at once."""
    monkeypatch.setattr(following, "COME_BACK_AFTER", 0.0001)


class Connections:
    """What one connection after another brings: messages, and then an error or a good end."""

    def __init__(self, *brought: list[Any]) -> None:
        self._brought = list(brought)
        self.asked: list[str | None] = []
        """The id that each was asked to go on after."""

    async def connect(self, last: str | None) -> AsyncGenerator[Message]:
        self.asked.append(last)
        for one in self._brought.pop(0) if self._brought else []:
            if isinstance(one, Exception):
                raise one
            yield one


def followed(connections: Connections) -> list[bytes | None]:
    async def main() -> list[bytes | None]:
        return [one.data async for one in follow(connections.connect, URL, None)]

    return asyncio.run(main())


def test_each_connection_goes_on_after_what_came_last() -> None:
    down = WorldUnavailableError(URL, "refused")
    connections = Connections(
        [Message("-1.0", "", None)],
        [Message("0.0", "", b"0"), Message("1.0", "", b"1"), down],
        [down],
        [],
        [Message("2.0", "", b"2"), END],
    )
    assert followed(connections) == [b"0", b"1", b"2", b"{}"]
    assert connections.asked == [None, "-1.0", "1.0", "1.0", "1.0"]


@pytest.mark.parametrize(
    ("brought", "reason"),
    [
        ([], "the connection ends before anything comes"),
        ([WorldUnavailableError(URL, "refused")], "refused"),
    ],
)
def test_it_is_given_up_after_so_many_connections_that_bring_nothing(
    brought: list[Any], reason: str
) -> None:
    connections = Connections([Message("7.0", "", b"7")], *[brought] * following.TRIES)
    with pytest.raises(WorldUnavailableError, match=rf"{reason} \(tried 6 times\)") as caught:
        followed(connections)
    assert str(caught.value).count(URL) == 1
    assert connections.asked == [None, *["7.0"] * following.TRIES]


def test_what_is_refused_is_not_asked_for_again() -> None:
    connections = Connections([RunNotFoundError("run")])
    with pytest.raises(RunNotFoundError):
        followed(connections)
    assert len(connections.asked) == 1


def test_lines_end_where_the_format_says_and_nowhere_else() -> None:
    text = 'retry: 1000\n\n: hello\nid: 1.0\ndata: "a\u2028b\x0cc"\n: a comment\n\nevent:x\r\ndata:2\r\n\r\n'

    async def main(size: int) -> list[Message]:
        async def parts() -> AsyncIterator[bytes]:
            data = text.encode()
            for at in range(0, len(data), size):
                yield data[at : at + size]

        return [one async for one in read_messages(parts())]

    for size in (1, 2, 3, 7, 1_000):
        assert asyncio.run(main(size)) == [
            Message(None, "", None),
            Message("1.0", "", '"a\u2028b\x0cc"'.encode()),
            Message(None, "x", b"2"),
        ]


def _remote(answer: Callable[[httpx.Request], httpx.Response]) -> RemoteApp:
    return RemoteApp(URL, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_a_server_behind_it_is_asked_again(status: int) -> None:
    asked: list[int] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        asked.append(status)
        if len(asked) < 3:
            return httpx.Response(status, text="<h1>Bad gateway</h1>")
        text = b"id: 0.0\ndata: 7\n\nevent: end\ndata: {}\n\n"
        return httpx.Response(200, content=text, headers={"content-type": "text/event-stream"})

    async def main() -> list[Any]:
        async with _remote(answer) as app:
            return [one async for one in app.get_run("run").stream()]

    assert asyncio.run(main()) == [7]
    assert len(asked) == 3


def test_another_page_is_no_feed() -> None:
    async def main() -> None:
        async with _remote(lambda _: httpx.Response(403, text="<h1>No</h1>")) as app:
            with pytest.raises(RequestError, match="not as this API does"):
                await anext(app.get_run("run").stream())

    asyncio.run(main())
