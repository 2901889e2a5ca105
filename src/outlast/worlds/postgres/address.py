"""What the URL of a PostgreSQL world says."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import msgspec

from outlast.errors import WorldError
from outlast.worlds.postgres.encoding import findable
from outlast.worlds.postgres.libpq import (
    check_servers,
    said_here,
    take_connect_timeout,
    take_demands,
)

_SCHEMA = "outlast"
_SECRETS = ("password", "sslpassword", "passfile")
_OURS = ("schema", "pooler")
_POOLERS = ("session", "transaction")
_WISHED: Final = {"application_name": "outlast"}
_NAME = re.compile(r"[^\x00\"]{1,63}")
_FORM: Final = "Write postgresql://user:password@host:port/database?schema=outlast."
_CONNECTING: Final = frozenset(
    [
        "host",
        "port",
        "dbname",
        "database",
        "user",
        "password",
        "passfile",
        "sslmode",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "sslnegotiation",
        "sslcrl",
        "sslpassword",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "target_session_attrs",
        "krbsrvname",
        "gsslib",
        "service",
        "servicefile",
        "connect_timeout",
        "channel_binding",
        "gssencmode",
    ]
)
_SERVERS: Final = frozenset(
    [
        "application_name",
        "datestyle",
        "default_transaction_isolation",
        "default_transaction_read_only",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "jit",
        "lock_timeout",
        "log_statement",
        "options",
        "role",
        "search_path",
        "statement_timeout",
        "synchronous_commit",
        "tcp_keepalives_count",
        "tcp_keepalives_idle",
        "tcp_keepalives_interval",
        "tcp_user_timeout",
        "temp_tablespaces",
        "timezone",
        "transaction_timeout",
        "work_mem",
    ]
)
"""The settings of the server that one may wish to give; what is no parameter of the driver goes to the server,
which would refuse a misspelt one as late as it is connected to."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the database is, and how to use it."""

    url: str
    """As it is shown: without secrets."""
    dsn: str
    """As the driver takes it: without what is ours, and with the settings of the server that we wish unless the URL
    gives others."""
    schema: str
    """The schema with all that is ours. Its name stands in SQL in quotes: see `quoted`."""
    pooled: bool
    """Whether a pooler is in between that gives a connection for one transaction only: nothing may
    rest on a session then."""
    connect_within: int | None
    """The seconds that a connection may take, where the URL says so."""

    @property
    def quoted(self) -> str:
        """The schema's name as it stands in SQL."""
        return f'"{self.schema}"'


def read_address(url: str) -> Address:
    """The address behind `postgresql://user:password@host:port/database?schema=outlast&...`.

    Ours are `schema` and `pooler` (`session` or `transaction`); the other parameters are libpq's and the
    server's. Raises `WorldError` for a parameter that there is not, or a value that cannot be used.
    """
    parts = _split(url)
    _check_password(parts)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    schema, pooler = given.pop("schema", _SCHEMA), given.pop("pooler", "session")
    shown = _without_secrets(url)
    _check_characters(shown, url)
    _check_ports(shown, parts, given)
    _check_parameters(shown, given)
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
    connect_within = take_connect_timeout(shown, given)
    take_demands(shown, given)
    check_servers(shown, given)
    # A pooler refuses most settings at the start of a connection.
    wished = {} if pooler == "transaction" else _WISHED
    return Address(
        url=shown,
        dsn=urlunsplit(parts._replace(query=urlencode({**wished, **given}))),
        schema=schema,
        pooled=pooler == "transaction",
        connect_within=connect_within,
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # which quotes the rest, and that may have a password
        scheme = url.partition("://")[0] + "://"
        raise WorldError(
            scheme, "this is no URL: what stands before the / cannot be a host", hint=_FORM
        ) from None


def _check_password(parts: SplitResult) -> None:
    """An `@` behind the host is that before the host: the password has a character that ends the host, and what is
    shown of the URL would be pieces of the password. In values of parameters that there are, it may be meant."""
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    odd = [name + value for name, value in pairs if not (_is_known(name) or name in _OURS)]
    if any("@" in piece for piece in (parts.path, parts.fragment, *odd)):
        raise WorldError(
            f"{parts.scheme}://***",
            "an @ stands behind the host",
            hint=f"Percent-encode / # ? @ in the password: %2F %23 %3F %40. {_FORM}",
        )


def _check_characters(shown: str, url: str) -> None:
    if not findable(unquote(url)):
        raise WorldError(shown, "the URL has a NUL character or half a character", hint=_FORM)


def _check_ports(shown: str, parts: SplitResult, given: Mapping[str, str]) -> None:
    hosts = parts.netloc.rpartition("@")[2].split(",")
    ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts]
    for port in (*ports, *given.get("port", "").split(",")):
        if port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
            raise WorldError(
                shown, f"{port!r} cannot be a port", hint="A port is a number from 1 to 65535."
            )


def _check_parameters(shown: str, given: Mapping[str, str]) -> None:
    for name in given:
        if _is_known(name) or "." in name:
            continue
        close = get_close_matches(name, [*_OURS, *_CONNECTING, *_SERVERS], n=1)
        meant = f"Did you mean {close[0]}? " if close else ""
        raise WorldError(
            shown,
            f"the URL has the parameter {name!r}, which there is not",
            hint=said_here(name)
            or f"{meant}Ours are schema and pooler. Other settings of the server go into options: "
            f"?options=-c%20NAME%3DVALUE.",
        )


def _is_known(name: str) -> bool:
    return name in _CONNECTING or name.lower() in _SERVERS


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
