"""Bringing a schema of PostgreSQL up to date."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version

from outlast.errors import SchemaVersionError, WorldError
from outlast.worlds.postgres.address import Address, read_address
from outlast.worlds.postgres.connecting import PATIENTLY, Connection, connect
from outlast.worlds.postgres.faults import FAULTS, explained
from outlast.worlds.postgres.migrations import MIGRATIONS, Migration
from outlast.worlds.postgres.queries import for_schema, queries
from outlast.worlds.schema import SchemaStatus


def schema_of(url: str) -> "PostgresSchema":
    """The schema that a URL names. Raises `WorldError` if the URL cannot be used."""
    return PostgresSchema(read_address(url))


class PostgresSchema:
    """The schema that an address names. Several processes may bring it up to date at once."""

    def __init__(self, address: Address, known: Sequence[Migration] = MIGRATIONS) -> None:
        self._address = address
        self._known = known
        self._queries: Mapping[str, str] = queries(address.quoted)

    async def status(self) -> SchemaStatus:
        """Where it stands."""
        connection = await connect(self._address)
        try:
            return await self._status(connection)
        except FAULTS as error:
            raise explained(self._address.url, error) from error
        finally:
            await connection.close()

    async def upgrade(self, *, force: bool = False) -> tuple[str, ...]:
        """Apply all that is pending."""
        connection = await connect(self._address)
        try:
            done = await self._apply(connection, [one for one in self._known if one.stage == "pre"])
            status = await self._status(connection)
            if status.older_workers and not force:
                raise _still_needed(status)
            return (*done, *await self._apply(connection, self._known))
        except FAULTS as error:
            raise explained(self._address.url, error) from error
        finally:
            await connection.close()

    async def prepare(self, connection: Connection) -> None:
        """Apply the pending steps that no older worker minds: what opening a world does.

        Raises `SchemaVersionError` if the schema is one that this library cannot use, and `FAULTS`.
        """
        if await self._pending(connection):
            await self._apply(connection, [one for one in self._known if one.stage == "pre"])

    async def _pending(self, connection: Connection) -> bool:
        applied = await self._applied(connection)
        return any(one.stage == "pre" and one.number not in applied for one in self._known)

    async def _status(self, connection: Connection) -> SchemaStatus:
        applied = await self._applied(connection)
        pending = [one for one in self._known if one.number not in applied]
        post = [one.number for one in pending if one.stage == "post"]
        older: list[str] = []
        if post and applied:
            rows = await connection.fetch(self._queries["older_workers"], max(post))
            older = [str(row[0]) for row in rows]
        return SchemaStatus(
            url=self._address.url,
            current=max(applied, default=0),
            known=self._known[-1].number,
            pending_pre=_names(one for one in pending if one.stage == "pre"),
            pending_post=_names(one for one in pending if one.stage == "post"),
            older_workers=tuple(older),
        )

    async def _apply(self, connection: Connection, wanted: Sequence[Migration]) -> tuple[str, ...]:
        """Apply those of the wanted that are pending, each in a transaction of its own."""
        done: list[Migration] = []
        for one in wanted:
            async with connection.transaction(isolation="read_committed"):
                await connection.execute(
                    self._queries["lock_migrations"], self._lock(), timeout=PATIENTLY
                )
                # Asked again now that others must wait: another process may have been faster.
                applied = await self._applied(connection)
                if one.number in applied:
                    continue
                if not applied:
                    await self._begin(connection)
                script = for_schema(one.script, self._address.quoted)
                await connection.execute(script, timeout=PATIENTLY)
                await connection.execute(
                    self._queries["record_migration"],
                    *(one.number, one.name, one.stage, version("outlast")),
                )
                done.append(one)
        return _names(done)

    async def _begin(self, connection: Connection) -> None:
        """Make the schema, where there is nothing yet."""
        if not await connection.fetchval(self._queries["schema_exists"], self._address.schema):
            await connection.execute(self._queries["create_schema"])
        if not await self._recorded(connection):
            await connection.execute(self._queries["create_migrations"])

    async def _applied(self, connection: Connection) -> frozenset[int]:
        """The numbers of what was applied.

        Raises `SchemaVersionError` if something was taken away that this library needs.
        """
        if not await self._recorded(connection):
            return frozenset()
        rows = await connection.fetch(self._queries["migrations"])
        known = self._known[-1].number
        newer = [row["number"] for row in rows if row["number"] > known and row["stage"] == "post"]
        if newer:
            raise SchemaVersionError(
                self._address.url, found=max(newer), known=known, library=version("outlast")
            )
        return frozenset([row["number"] for row in rows])

    async def _recorded(self, connection: Connection) -> bool:
        name = self._address.schema
        return bool(await connection.fetchval(self._queries["migrations_table"], name))

    def _lock(self) -> int:
        text = f"migrations of {self._address.schema}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)


def _names(migrations: Iterable[Migration]) -> tuple[str, ...]:
    return tuple([f"{one.number:04}_{one.name}" for one in migrations])


def _still_needed(status: SchemaStatus) -> WorldError:
    workers = ", ".join(status.older_workers)
    return WorldError(
        status.url,
        f"workers of an older library need what {', '.join(status.pending_post)} takes away: {workers}",
        hint="Stop them first, or take it away nevertheless: outlast db upgrade --force.",
    )
