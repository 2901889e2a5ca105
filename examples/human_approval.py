"""A run that waits for a person: it asks, sleeps in the database, and goes on with the answer.

The token of the hook goes to the approver (here: into a file). Watch the two apps: the process that asked is gone when the
answer comes. An answer that does not fit the schema is refused, and the run does not move.

    $ python examples/human_approval.py
    asked for approval of 5000
    the app is closed, the run waits
    refused: by: Field required
    paid 5000, approved by Ada
"""

import asyncio
from pathlib import Path

from pydantic import BaseModel

from outlast import App, RunStatus, WorkerOptions, get_run, hook, resume, start, step, workflow
from outlast.errors import HookExpiredError, HookPayloadError

LETTER = Path("approval-token.txt")


class Decision(BaseModel):
    approved: bool
    by: str


@step
def ask(amount: int, token: str) -> None:
    LETTER.write_text(token)
    print(f"asked for approval of {amount}")


@step
def pay(amount: int) -> str:
    return f"paid {amount}"


@workflow
async def expense(amount: int) -> str:
    approval = hook(Decision, metadata={"amount": amount}, expires="3 days")
    await ask(amount, approval.token)
    try:
        decision = await approval
    except HookExpiredError:
        return "not approved in time"
    if not decision.approved:
        return f"refused by {decision.by}"
    return f"{await pay(amount)}, approved by {decision.by}"


async def request() -> str:
    async with App(options=WorkerOptions(linger=0)):
        run = await start(expense(5000))
        while await run.status() is not RunStatus.SUSPENDED:
            await asyncio.sleep(0.01)
    print("the app is closed, the run waits")
    return run.id


async def approve(run_id: str) -> None:
    token = LETTER.read_text()
    async with App():
        try:
            await resume(token, {"approved": True})
        except HookPayloadError as error:
            print("refused:", *error.problems)
        await resume(token, {"approved": True, "by": "Ada"}, key="ada-1")
        print(await get_run(run_id).result())


if __name__ == "__main__":
    asyncio.run(approve(asyncio.run(request())))
    LETTER.unlink()
