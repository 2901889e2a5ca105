"""A saga: each step that succeeds leaves behind how to undo it; when one fails, undo them in reverse.

Watch the order. The undo steps are steps: they are recorded and retried, and a crash in the middle of the
clean-up goes on with the clean-up.

    $ python examples/saga.py
    book flight to Lisbon
    book hotel in Lisbon
    book car in Lisbon
    cancel hotel-1
    cancel flight-1
    not booked: no car left
"""

import asyncio

from outlast import App, FatalError, StepFailedError, start, step, workflow


@step
async def book_flight(city: str) -> str:
    print(f"book flight to {city}")
    return "flight-1"


@step
async def book_hotel(city: str) -> str:
    print(f"book hotel in {city}")
    return "hotel-1"


@step
async def book_car(city: str) -> str:
    print(f"book car in {city}")
    raise FatalError("no car left")


@step(retries=20)
async def cancel(booking: str) -> None:
    print(f"cancel {booking}")


@workflow
async def trip(city: str) -> str:
    booked: list[str] = []
    try:
        for book in (book_flight, book_hotel, book_car):
            booked.append(await book(city))
    except StepFailedError as error:
        for booking in reversed(booked):
            await cancel(booking)
        return f"not booked: {error.error_message}"
    return f"booked: {', '.join(booked)}"


async def main() -> None:
    async with App():
        run = await start(trip("Lisbon"))
        print(await run.result())


if __name__ == "__main__":
    asyncio.run(main())
