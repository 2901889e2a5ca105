"""Law 5 for webhooks: a request that was acknowledged is delivered once and answered by one answer, and a URL stays what
it was, however the owner fares and wherever the public address moves.

Somebody outside sends requests one after the other, each until it is answered, with a key. The process dies at every call
to the world that either side makes, and each process has another public address.
"""

import itertools
import random
from typing import Any, Final

import pytest

from outlast import App, WorkerOptions, step, webhook, workflow
from outlast._clock import SECOND, sleep_until
from outlast._model.events import HookReceived, StepCompleted
from outlast._model.runs import TERMINAL
from outlast._webhooks.receiving import answer_to, find_webhook, take
from outlast.errors import RequestError
from outlast.testing import Crash, Repeat, Unavailable
from outlast.webhooks import Response, WebhookRequest
from tests.laws.checks import check_story
from tests.laws.data import Cover, MakeData
from tests.laws.lives import RUN, Story, tell

REQUESTS: Final = 3
told: dict[str, None] = {}
"""The URLs that anybody was told."""


@step(name="law_webhooks.announce")
async def announce(url: str) -> None:
    told[url] = None


@step(name="law_webhooks.answer")
async def answer(request: WebhookRequest, response: Response) -> None:
    await request.respond(response)


@workflow(name="law_webhooks")
async def doubles() -> str:
    """Answers in turn by itself and by a step, and says at its end where it was."""
    waiting = webhook(int, respond="manual")
    await announce(waiting.url)
    for number in range(REQUESTS):
        request = await waiting
        response = Response.json(2 * request.payload)
        await (answer(request, response) if number % 2 else request.respond(response))
    return waiting.url


class Sender:
    """Somebody outside, who lives longer than the processes that he talks to."""

    def __init__(self) -> None:
        self.lives = 0
        self.answers: dict[int, Any] = {}

    async def play(self, app: App) -> Any:
        self.lives += 1
        app.runtime.public_base = f"https://host-{self.lives}.example"
        run = await app.start(doubles(), run_id=RUN)
        clock = app.runtime.clock
        while not told:
            await sleep_until(clock, clock.now() + SECOND)
        token = next(iter(told)).rpartition("/")[2]
        for number in range(REQUESTS):
            if number not in self.answers:
                self.answers[number] = await self.send(app, token, number)
        return await run.result()

    async def send(self, app: App, token: str, number: int) -> Any:
        """What it is answered; `None` if the run has ended meanwhile, which it does not without the request."""
        try:
            found = await find_webhook(app.runtime, token)
            request = WebhookRequest(method="POST")
            place = await take(app.runtime, found, request, number, f"request-{number}")
            return (await answer_to(app.runtime, place, 30)).body
        except RequestError as error:
            assert error.status == 410
            assert await app.get_run(RUN).status() in TERMINAL
            return None


def play(make_data: MakeData, *faults: Any, options: WorkerOptions | None = None) -> Story:
    told.clear()
    sender = Sender()
    story = tell(make_data, sender.play, *[[fault] for fault in faults], options=options)
    check(story, sender)
    return story


def check(story: Story, sender: Sender) -> None:
    check_story(story)
    assert [story.ended.result] == list(told), "one URL, told to everybody"
    events = [logged.event for logged in story.logs[RUN]]
    keys = [event.key for event in events if isinstance(event, HookReceived)]
    assert keys == [f"request-{number}" for number in range(REQUESTS)]
    steps = [event.name for event in events if isinstance(event, StepCompleted)]
    assert steps == ["law_webhooks.announce", "respond", "law_webhooks.answer", "respond"]
    for number, got in sender.answers.items():
        assert got in (b"%d" % (2 * number), None)
    assert list(sender.answers.values()).count(None) <= len(story.lives) - 1


def test_undisturbed(make_data: MakeData) -> None:
    play(make_data)
    play(make_data, options=WorkerOptions(linger=0, verify_replay=True))


def test_each_third_call_in_memory(make_memory: MakeData, cover: Cover) -> None:
    assert try_calls(make_memory, cover, each=3) > 15


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_every_call(make_data: MakeData, cover: Cover) -> None:
    assert try_calls(make_data, cover, each=1) > 40


def try_calls(make_data: MakeData, cover: Cover, *, each: int) -> int:
    """How many of the crash points the process died at."""
    died = 0
    for call in itertools.count(random.Random(each).randint(1, each), each):
        stories = [play(make_data, Crash(call=call, when=when)) for when in ("before", "after")]
        died += sum(len(story.lives) > 1 for story in stories)
        if all(len(story.lives) == 1 for story in stories):
            break
    cover("crash points of webhooks", died)
    return died


@pytest.mark.parametrize("call", range(1, 9))
def test_answers_that_are_lost(make_data: MakeData, call: int) -> None:
    faults = (
        Unavailable(call=call, of="commit"),
        Unavailable(call=call, of="commit", when="after"),
        Repeat(call=call, of="commit"),
    )
    play(make_data, faults[call % 3])
    play(make_data, faults[(call + 1) % 3])
