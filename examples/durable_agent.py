"""An agent of Pydantic AI made durable by one capability: it calls tools, sleeps, and waits for a person.

Watch the run when the app closes in the middle: another app goes on with it, and the model and the tools that have
answered are not asked again. Run it with a real model by putting its name, such as "openai:gpt-5", in place of the
script. Needs `pip install 'outlast[agents]'`.

    $ python examples/durable_agent.py
    looks up ada
    a person is asked: refund {'customer': 'ada', 'cents': 1200}
    the process is gone, and another one goes on
    refunds 12.00 to ada
    Ada has her money back.
"""

import asyncio

from pydantic_ai import Agent
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from outlast import App, resume, start, workflow
from outlast.agents import Approval, Durable, sleep_tool
from outlast.records import HookInfo


def script(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
    """A model that answers a history of so many responses with this."""
    answers: list[ModelResponsePart] = [
        ToolCallPart("look_up", {"customer": "ada"}),
        ToolCallPart("sleep", {"duration": "100ms"}),
        ToolCallPart("refund", {"customer": "ada", "cents": 1200}),
        TextPart("Ada has her money back."),
    ]
    given = sum(isinstance(message, ModelResponse) for message in messages)
    return ModelResponse(parts=[answers[given]])


clerk = Agent(FunctionModel(script), name="clerk", capabilities=[Durable()], tools=[sleep_tool()])


@clerk.tool_plain
async def look_up(customer: str) -> str:
    print(f"looks up {customer}")
    return "has paid twice"


@clerk.tool_plain(requires_approval=True)
async def refund(customer: str, cents: int) -> str:
    print(f"refunds {cents / 100:.2f} to {customer}")
    return "refunded"


@workflow
async def serve(request: str) -> str:
    result = await clerk.run(request)
    return result.output


async def asked(app: App, run_id: str) -> HookInfo:
    """The question to a person, once there is one. A real app would show all of them on a page."""
    while not (hooks := (await app.list_hooks(run_id)).hooks):
        await asyncio.sleep(0.01)
    return hooks[0]


async def main() -> None:
    async with App() as app:
        run = await start(serve("Ada wants her money back."))
        question = await asked(app, run.id)
        print("a person is asked:", question.metadata["tool"], question.metadata["args"])
    print("the process is gone, and another one goes on")
    async with App() as app:
        await resume(question.token, Approval(approved=True))
        print(await app.get_run(run.id).result())


if __name__ == "__main__":
    asyncio.run(main())
