"""The smallest workflow: two steps and a sleep.

Run it. Then run it again: the same run is found in `.outlast/outlast.db`, its result is given at once, and no
step is executed. Kill it during the sleep and run it again: `look_up` is not executed again, and the
sleep ends when it would have ended.

    $ python examples/hello.py
    look_up executes
    greet executes
    Hello, Ada Lovelace!
    $ python examples/hello.py
    Hello, Ada Lovelace!
"""

import asyncio

from outlast import App, sleep, start, step, workflow

NAMES = {"ada": "Ada Lovelace", "alan": "Alan Turing"}


@step
async def look_up(user: str) -> str:
    print("look_up executes")
    return NAMES[user]


@step
def greet(name: str) -> str:
    print("greet executes")
    return f"Hello, {name}!"


@workflow
async def hello(user: str) -> str:
    name = await look_up(user)
    await sleep("1 second")
    return await greet(name)


async def main() -> None:
    async with App():
        run = await start(hello("ada"), run_id="hello-ada")
        print(await run.result())


if __name__ == "__main__":
    asyncio.run(main())
