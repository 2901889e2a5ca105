"""A step fails, and what comes of it: retried, told when to come back, not retried at all.

Watch the attempts, which are counted from 1, and the key, which all attempts of a step share. The caller of a step
sees none of this: it gets the result, or one `StepFailedError` that it can catch.

    $ python examples/retries.py
    fetch_rates: attempt 1
    fetch_rates: attempt 2
    fetch_rates: attempt 3
    charge: attempt 1, key ends in charge#1
    charge: attempt 2, key ends in charge#1
    notify: attempt 1
    paid 110, notice failed after 1 attempt: no such mailbox
"""

import asyncio

from outlast import (
    App,
    FatalError,
    RetryableError,
    StepFailedError,
    start,
    step,
    step_info,
    workflow,
)


@step(retries=5, backoff="20ms", timeout="2s")
async def fetch_rates() -> float:
    """Fails twice; the waits between attempts double, with jitter."""
    attempt = step_info().attempt
    print(f"fetch_rates: attempt {attempt}")
    if attempt < 3:
        raise ConnectionError("the line is down")
    return 1.1


@step
async def charge(amount: float) -> int:
    """Says itself when to come back. The step's id is the key to give to the other side."""
    info = step_info()
    print(f"charge: attempt {info.attempt}, key ends in {info.id.rpartition('/')[2]}")
    if info.attempt == 1:
        raise RetryableError("too many requests", retry_after="50ms")
    return round(amount)


@step
def notify(address: str) -> None:
    """Fails for good: another attempt would be no better."""
    print(f"notify: attempt {step_info().attempt}")
    raise FatalError("no such mailbox")


@workflow
async def pay(amount: int) -> str:
    paid = await charge(amount * await fetch_rates())
    try:
        await notify("ada@example.org")
    except StepFailedError as error:
        tries = f"{error.attempts} attempt"
        return f"paid {paid}, notice failed after {tries}: {error.error_message}"
    return f"paid {paid}"


async def main() -> None:
    async with App():
        run = await start(pay(100))
        print(await run.result())


if __name__ == "__main__":
    asyncio.run(main())
