"""The schema of a world's database: what it has, what this library knows, and bringing it up to date."""

from typing import Protocol

import msgspec


class SchemaStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a schema stands. Migrations are named as their files are: `0001_initial`."""

    url: str
    current: int
    """The last migration that was applied; 0 if there is no schema yet."""
    known: int
    """The last migration that this library has."""
    pending_pre: tuple[str, ...] = ()
    """Migrations that are applied when the world is opened."""
    pending_post: tuple[str, ...] = ()
    """Migrations that are applied by an upgrade, once no worker of an older library is left."""
    older_workers: tuple[str, ...] = ()
    """Registered workers whose library lacks some of the pending ones."""

    @property
    def up_to_date(self) -> bool:
        """Whether nothing is pending."""
        return not (self.pending_pre or self.pending_post)


class Schema(Protocol):
    """The schema behind a URL. The world need not be open, and its database may lack the schema."""

    async def status(self) -> SchemaStatus:
        """Where it stands; changes nothing. Raises `WorldError` and its subclasses."""
        ...

    async def upgrade(self, *, force: bool = False) -> tuple[str, ...]:
        """Apply all that is pending, and give the names of what was applied.

        Raises `WorldError` if workers of an older library are registered that need what a pending migration takes
        away; with `force` it is taken away nevertheless.
        """
        ...
