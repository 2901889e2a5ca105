"""What the errors of PostgreSQL and its driver mean for the user of a world."""

import asyncpg

from outlast.errors import WorldError, WorldUnavailableError

LOST = (asyncpg.InternalClientError, OSError, TimeoutError)
"""What the driver raises when its connection is of no use any more. The first comes when a server has said
why it closes a connection that nothing was asked of."""

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, *LOST)
"""All that the driver raises when something is wrong with the server, the network or a statement."""

RACES = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
"""Another transaction came in between; nothing was written, and at the next try it may go well."""

_AGAIN = "Nothing was written. Running workers try again on their own."
_MAYBE = "What was under way may have been written. Running workers try again on their own."

_STATES: dict[str, tuple[type[WorldError], str, str]] = {
    "53300": (
        WorldUnavailableError,
        "the server has no connection left",
        "Running workers try again on their own. Raise max_connections, or put a pooler in between (?pooler=transaction).",
    ),
    "53100": (WorldUnavailableError, "the server's disk is full", _AGAIN),
    "25006": (
        WorldUnavailableError,
        "the server takes no writes: it is a read-only replica, or set to read-only",
        "Running workers try again on their own. Name the primary server in the URL.",
    ),
    "57014": (
        WorldUnavailableError,
        "a statement took too long and was cancelled",
        "Running workers try again on their own. Look at statement_timeout, at locks and at the load of the server.",
    ),
    "40P01": (WorldUnavailableError, "transactions waited for one another in a circle", _AGAIN),
    "28P01": (
        WorldError,
        "the server does not take the password",
        "Check the user and the password in the URL, or PGPASSWORD.",
    ),
    "3D000": (WorldError, "there is no such database", "Create it: createdb NAME."),
    "42501": (
        WorldError,
        "this user lacks a right",
        "Let the schema be this user's own: CREATE SCHEMA outlast AUTHORIZATION user.",
    ),
    "42P01": (
        WorldError,
        "a table of the schema is missing",
        "The schema was dropped or changed while it was in use; start the worker again.",
    ),
    "42883": (
        WorldError,
        "a function of the schema is missing",
        "The schema was upgraded beyond what this library knows; upgrade the library in this process.",
    ),
    "42P07": (
        WorldError,
        "the schema has tables of another program",
        "Name another schema in the URL: ?schema=outlast.",
    ),
}
"""SQLSTATE: what it is to us, why, what to do."""

_CLASSES: dict[str, tuple[type[WorldError], str, str]] = {
    "08": (WorldUnavailableError, "the connection to the server was lost", _MAYBE),
    "28": (
        WorldError,
        "the server does not let this user in",
        "Check the user in the URL, and the server's pg_hba.conf.",
    ),
    "40": (WorldUnavailableError, "another transaction came in between", _AGAIN),
    "53": (WorldUnavailableError, "the server is out of some resource", _AGAIN),
    "55": (WorldUnavailableError, "something is locked", _AGAIN),
    "57": (WorldUnavailableError, "the server is starting or stopping", _MAYBE),
    "58": (WorldUnavailableError, "the server's machine failed", _MAYBE),
}
"""The first two characters of the SQLSTATE, where the whole is not in the table above."""


def explained(url: str, error: Exception) -> Exception:
    """The error of this library for one of `FAULTS`; the error itself where it tells of a bug."""
    state = getattr(error, "sqlstate", None)
    if not isinstance(state, str):
        return _without_state(url, error)
    meaning = _STATES.get(state) or _CLASSES.get(state[:2])
    if meaning is None:
        return error
    kind, reason, hint = meaning
    return kind(url, f"{reason} (PostgreSQL: {_first_line(error)})", hint=hint)


def _without_state(url: str, error: Exception) -> Exception:
    """The same for what did not come from the server."""
    match error:
        case TimeoutError():
            return WorldUnavailableError(url, "the server does not answer", hint=_MAYBE)
        case asyncpg.ClientConfigurationError() | ValueError():
            return WorldError(
                url,
                f"this URL cannot be used: {_first_line(error)}",
                hint="Write postgresql://user:password@host:port/database?schema=outlast.",
            )
        case OSError():
            return WorldUnavailableError(
                url,
                f"the server cannot be reached ({_first_line(error)})",
                hint="Check the host and the port in the URL, and that the server runs.",
            )
        case asyncpg.TargetServerAttributeNotMatched():
            return WorldUnavailableError(
                url,
                "no server of the URL is what its target_session_attrs asks for",
                hint="Running workers try again on their own. Runs need a server that takes writes: read-write or primary.",
            )
        case asyncpg.InternalClientError() | asyncpg.InterfaceError() if isinstance(
            error, LOST
        ) or "closed" in str(error):
            return WorldUnavailableError(url, "the connection to the server was lost", hint=_MAYBE)
        case _:
            return error


def refused(url: str, error: Exception) -> WorldError:
    """The error for one of `FAULTS` when a connection is made and settled. What means nothing else means then that
    something the URL says to the server is wrong."""
    meant = explained(url, error)
    if isinstance(meant, WorldError):
        return meant
    return WorldError(
        url,
        f"the server refuses a setting ({_first_line(error)})",
        hint="Look at the parameters in the URL, and at the settings of the user and the database on the server.",
    )


def closed(url: str) -> WorldError:
    """The error for the use of a world outside `opened()`."""
    return WorldError(
        url, "the world is not open", hint="Use it inside `async with world.opened():`."
    )


def opened_twice(url: str) -> WorldError:
    """The error for opening a world that is open."""
    return WorldError(
        url, "the world is open already", hint="Make a second world object for the same URL."
    )


def too_old(url: str, found: str, oldest: int) -> WorldError:
    """The error for a server of a release that lacks what the SQL needs."""
    return WorldError(
        url,
        f"the server is PostgreSQL {found}; {oldest} is the oldest that will do",
        hint="Use a newer server.",
    )


def wrong_encoding(url: str, found: str) -> WorldError:
    """The error for a database that cannot keep all texts."""
    return WorldError(
        url,
        f"the database's encoding is {found}; only UTF8 keeps all texts",
        hint="Create a database for Outlast: createdb --encoding=UTF8 --template=template0 NAME.",
    )


def crowded(url: str, tries: int) -> WorldError:
    """The error for a commit before which something always came in between."""
    return WorldUnavailableError(
        url, f"others wrote to the same runs {tries} times in a row", hint=_AGAIN
    )


def held_elsewhere(url: str, worker_id: str) -> WorldError:
    """The error for registering a worker whose lock some other session holds."""
    return WorldUnavailableError(
        url,
        f"another session holds the lock of worker {worker_id!r}",
        hint="No two workers may have one id. After a lost connection the server may take a while to notice; "
        "running workers try again on their own.",
    )


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
