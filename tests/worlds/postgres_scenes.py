"""Open PostgreSQL worlds for tests, and connections beside them."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import asyncpg

from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene
from outlast.worlds.postgres import PostgresWorld
from tests.postgres import Postgres


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[tuple[Scene, PostgresWorld]]:
    """An open world, with a scene of it."""
    clock = SettableClock()
    world = PostgresWorld(url, clock)
    async with world.opened():
        yield Scene(world, clock, lambda clock: PostgresWorld(url, clock)), world


def in_scene(url: str, body: Callable[[Scene, PostgresWorld], Awaitable[None]]) -> None:
    """Run the body with an open world."""

    async def run() -> None:
        async with opened(url) as (scene, world):
            await body(scene, world)

    asyncio.run(run())


def make(url: str) -> None:
    """Make the schema."""

    async def nothing(_scene: Scene, _world: PostgresWorld) -> None:
        pass

    in_scene(url, nothing)


@asynccontextmanager
async def beside(server: Postgres) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of somebody else, as the superuser."""
    connection = await asyncpg.connect(server.server)
    try:
        yield connection
    finally:
        await connection.close()


def execute(server: Postgres, *statements: str) -> None:
    """Execute statements as the superuser, each in a transaction of its own."""

    async def run() -> None:
        async with beside(server) as connection:
            for statement in statements:
                await connection.execute(statement)

    asyncio.run(run())


@contextmanager
def user(server: Postgres, *settings: str, rights: str = "SUPERUSER") -> Iterator[str]:
    """A user of its own, for a while, with settings such as `statement_timeout = '50ms'`.

    Its password is its name: a server of somebody else's may ask for one.
    """
    name = f"user_{secrets.token_hex(6)}"
    alterations = [f"ALTER ROLE {name} SET {setting}" for setting in settings]
    execute(server, f"CREATE ROLE {name} LOGIN {rights} PASSWORD '{name}'", *alterations)
    try:
        yield name
    finally:
        execute(server, f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")


def as_user(url: str, name: str) -> str:
    """The URL with another user."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{name}:{name}@{parts.netloc.rpartition('@')[2]}").geturl()


def schema_of(url: str) -> str:
    """The name of the schema in a URL of a test."""
    return url.partition("schema=")[2].partition("&")[0]


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so, which another process brings about."""
    async with asyncio.timeout(60):
        while not await true():
            await asyncio.sleep(0.01)
