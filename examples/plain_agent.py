"""A durable agent without any framework: a loop, two steps, and a client of OpenAI's shape.

Watch who is asked: each answer of the model and each result of a tool is recorded, so a process that is killed in the
middle asks for none of them again. Here the model is a script; put `openai.AsyncOpenAI(max_retries=0)` in its place.

    $ python examples/plain_agent.py
    model: 1 message(s)
    tool: weather in Ur
    tool: weather in Uruk
    model: 4 message(s)
    Take a hat to Ur, an umbrella to Uruk.
"""

import asyncio
import json
from typing import Any

from outlast import App, start, step, workflow

Message = dict[str, Any]


class Scripted:
    """Answers as the chat completions of OpenAI do."""

    async def create(self, *, model: str, messages: list[Message]) -> Message:
        if len(messages) > 1:
            return {"role": "assistant", "content": "Take a hat to Ur, an umbrella to Uruk."}
        cities = [json.dumps({"city": city}) for city in ("Ur", "Uruk")]
        calls = [
            {"id": f"call_{n}", "function": {"name": "weather", "arguments": args}}
            for n, args in enumerate(cities)
        ]
        return {"role": "assistant", "content": None, "tool_calls": calls}


client = Scripted()


@step(retries=5, timeout="2 minutes")
async def ask_model(messages: list[Message]) -> Message:
    print(f"model: {len(messages)} message(s)")
    return await client.create(model="some-model", messages=messages)


@step
async def weather(city: str) -> str:
    print(f"tool: weather in {city}")
    return "sun" if city == "Ur" else "rain"


TOOLS = {"weather": weather}


async def use_tool(call: Message) -> Message:
    arguments = json.loads(call["function"]["arguments"])
    result = await TOOLS[call["function"]["name"]](**arguments)
    return {"role": "tool", "tool_call_id": call["id"], "content": result}


@workflow
async def agent(prompt: str) -> str:
    messages: list[Message] = [{"role": "user", "content": prompt}]
    while True:
        answer = await ask_model(messages)
        if not answer.get("tool_calls"):
            return str(answer["content"])
        messages.append(answer)
        messages += await asyncio.gather(*[use_tool(call) for call in answer["tool_calls"]])


async def main() -> None:
    async with App():
        run = await start(agent("What do I pack for Ur and Uruk?"))
        print(await run.result())


if __name__ == "__main__":
    asyncio.run(main())
