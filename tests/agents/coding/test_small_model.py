"""The real small language model through the whole stack: its server, the agent, the log, the chat."""

import httpx
import pytest

from examples.coding_agent.small_model import SMALL
from tests.agents.coding.conftest import OnSite, say, text_of

pytestmark = pytest.mark.skipif(SMALL.missing() is not None, reason=str(SMALL.missing()))


def test_it_answers_in_the_plain_chat(on_site: OnSite) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        told = await say(client, "Tell me something about the sea.", kind="talk")
        deltas = [one for one in told if one["type"] == "text-delta"]
        assert len(deltas) > 5  # word by word
        assert "sea" in text_of(told).lower()
        info = (await client.get("/api/info")).json()
        assert info["talk"]["model"] == "SmolLM2-135M-Instruct"
        (chat,) = (await client.get("/api/chats")).json()["chats"]
        assert chat["status"] == "idle"

    on_site(scenario)


def test_it_gives_a_chat_its_title(on_site: OnSite) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        await say(client, "hello there, who are you?")
        while True:
            (chat,) = (await client.get("/api/chats")).json()["chats"]
            if chat["title"] != "hello there, who are you?":
                break
        assert 0 < len(chat["title"]) <= 60

    on_site(scenario)
