"""What the URL of a PostgreSQL world says."""

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from outlast.errors import WorldError

_SCHEMA = "outlast"
_SECRETS = ("password", "sslpassword", "passfile")
_POOLERS = ("session", "transaction")
_NAME = re.compile(r"[^\x00\"]{1,63}")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the database is, and how to use it."""

    url: str
    """As it is shown: without secrets."""
    dsn: str
    """As the driver takes it: without what is ours."""
    schema: str
    """The schema with all that is ours. Its name stands in SQL in quotes: see `quoted`."""
    pooled: bool
    """Whether a pooler is in between that gives a connection for one transaction only: nothing may
    rest on a session then."""

    @property
    def quoted(self) -> str:
        """The schema's name as it stands in SQL."""
        return f'"{self.schema}"'


def read_address(url: str) -> Address:
    """The address behind `postgresql://user:password@host:port/database?schema=outlast&...`.

    Ours are `schema` and `pooler` (`session` or `transaction`); the other parameters are the driver's.
    Raises `WorldError` for a value that cannot be used.
    """
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    schema, pooler = given.pop("schema", _SCHEMA), given.pop("pooler", "session")
    shown = _without_secrets(url)
    if not _NAME.fullmatch(schema) or len(schema.encode()) > 63 or schema.startswith("pg_"):
        raise WorldError(
            shown,
            f"{schema!r} cannot be the name of a schema",
            hint="Give a name of 1 to 63 bytes without quotes that does not begin with pg_: ?schema=outlast",
        )
    if pooler not in _POOLERS:
        raise WorldError(
            shown,
            f"there is no pooler mode {pooler!r}",
            hint="Write ?pooler=transaction if a pooler such as PgBouncer is in between that runs in this mode.",
        )
    return Address(
        url=shown,
        dsn=urlunsplit(parts._replace(query=urlencode(given))),
        schema=schema,
        pooled=pooler == "transaction",
    )


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    query = [pair for pair in parse_qsl(parts.query) if pair[0] not in _SECRETS]
    return urlunsplit(
        parts._replace(
            netloc=f"{name}{at}{host}", query=urlencode(query, safe="/", quote_via=quote)
        )
    )
