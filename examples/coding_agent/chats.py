"""The two chats: the coding agent as one run for each chat, and the plain one as one run for each turn."""

from typing import Final

from pydantic_ai import Agent
from pydantic_ai.exceptions import AgentRunError, ModelHTTPError, UserError
from pydantic_ai.messages import ModelMessage, ModelRequest
from pydantic_ai.settings import ModelSettings

from examples.coding_agent.agent import Chat, coder
from examples.coding_agent.models import choose_talk
from examples.coding_agent.settings import sandboxes
from examples.coding_agent.small_model import SMALL
from examples.coding_agent.titles import first_words, title_of
from outlast import now, set_attributes, step, workflow
from outlast.agents import StepOptions, ui
from outlast.errors import StepFailedError

CODE: Final = "coding_agent.code"
TALK: Final = "coding_agent.talk"
REMEMBERED: Final = 8
"""Messages of a plain chat that the small model is given: it has room for no more."""
FAILURES: Final = (AgentRunError, StepFailedError, UserError)
"""What an answer may fail with. The chat goes on."""

TALK_CHOICE: Final = choose_talk()
talker: Final = Agent(
    TALK_CHOICE.model,
    name="talker",
    instructions="You are a friendly assistant. Answer in one or two short sentences.",
    model_settings=ModelSettings(max_tokens=160, temperature=0.4),
    capabilities=[ui.ChatDurable(model_step=StepOptions(retries=3, timeout="2 minutes"))],
)


@workflow(name=CODE)
async def code(chat_id: str) -> None:
    """A chat with the coding agent, as long as it goes on."""
    history: list[ModelMessage] = []
    before: list[ModelMessage] = []
    async with ui.session() as session:
        async for turn in session:
            history = before = before if turn.regenerates else history
            await set_attributes({"state": "answering", "updated": now().isoformat()})
            try:
                async with session.answering(turn):
                    history = await _answer(turn, history)
            except FAILURES:
                pass  # the message says so, and the next one may go better
            await set_attributes({"state": "idle", "updated": now().isoformat()})
            if turn.number == 1:
                await set_attributes({"title": await _title(turn.text)})


@workflow(name=TALK)
async def talk(turn: ui.Turn) -> list[ModelMessage]:
    """One turn of a plain chat."""
    history: list[ModelMessage] = await ui.history(turn) or []
    async with ui.answering(turn):
        missing = await why_no_talk()
        if missing is not None:
            await say(turn.reply, missing)
            return history
        result = await talker.run(turn.text, message_history=_last(history))
        return [*history, *result.new_messages()]


async def _answer(turn: ui.Turn, history: list[ModelMessage]) -> list[ModelMessage]:
    """Let the agent answer. Gives the history that the next turn begins with."""
    missing = await why_no_sandbox()
    if missing is not None:
        await say(turn.reply, missing)
        return history
    try:
        result = await coder.run(turn.text, message_history=history, deps=Chat(turn.reply))
    except FAILURES as error:
        await say(turn.reply, explained(error))
        raise
    return result.all_messages()


async def _title(text: str) -> str:
    """What a chat is about."""
    if await why_no_talk() is not None:
        return first_words(text)
    try:
        return await title_of(text)
    except FAILURES:
        return first_words(text)


@step(name="coding_agent.why_no_sandbox")
async def why_no_sandbox() -> str | None:
    """Why nothing can be executed on this machine."""
    return sandboxes().unavailable()


@step(name="coding_agent.why_no_talk")
async def why_no_talk() -> str | None:
    """Why the model of the plain chat is not there."""
    return SMALL.missing() if TALK_CHOICE.model is SMALL.model else None


@step(name="coding_agent.say")
async def say(reply: str, text: str) -> None:
    """Say something that no model has said."""
    async with ui.message(reply) as out, out.step(), out.text() as write:
        await write(text)


def explained(error: Exception) -> str:
    """What a visitor may know of a failure."""
    match error:
        case ModelHTTPError(status_code=401 | 403):
            return f"The provider of {error.model_name} has refused the key."
        case ModelHTTPError(status_code=404):
            return f"The provider knows no model {error.model_name}."
        case ModelHTTPError(status_code=status):
            return f"The provider of {error.model_name} has answered with status {status}."
        case StepFailedError():
            return f"A step of the answer has failed: {error}"
        case _:
            return "The answer could not be finished."


def _last(history: list[ModelMessage]) -> list[ModelMessage]:
    """The end of a history, which begins with a message of the user."""
    kept = history[-REMEMBERED:]
    while kept and not isinstance(kept[0], ModelRequest):
        kept = kept[1:]
    return kept
