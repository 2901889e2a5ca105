"""A URL names a world, or the error says what would."""

import re
import sys

import pytest

from outlast.errors import WorldError
from outlast.testing.conformance import SettableClock
from outlast.worlds import world_from_url


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("memory://", "memory://"),
        ("sqlite:///some/file.db", "sqlite:///some/file.db"),
        ("sqlite:///file", "sqlite:///file"),
        ("sqlite:////abs/file.db", "sqlite:////abs/file.db"),
        ("some/file.db", "sqlite:///some/file.db"),
        ("what?.db", "sqlite:///what?.db"),
        ("/abs/file.db", "sqlite:////abs/file.db"),
        ("postgresql://host/base", "postgresql://host/base"),
        (
            "postgresql://[::1]:5432,other/base?application_name=me&my.own=1",
            "postgresql://[::1]:5432,other/base?application_name=me&my.own=1",
        ),
        ("postgres://me:secret@host:5433/base", "postgres://me@host:5433/base"),
        (
            "postgresql://me@/base?host=/run/pg&password=secret&schema=mine",
            "postgresql://me@/base?host=/run/pg&schema=mine",
        ),
    ],
)
def test_names_a_world(url: str, named: str) -> None:
    assert world_from_url(url, SettableClock()).url == named


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("postgresql://me:secret@host/base?schema=pg_x", "the name of a schema", "?schema=outlast"),
        ("postgresql://me:secret@host/base?schema=", "the name of a schema", "?schema=outlast"),
        (
            "postgresql://me:secret@host/base?schema=a%22b",
            "the name of a schema",
            "?schema=outlast",
        ),
        ("postgresql://me:secret@host/base?pooler=yes", "no pooler mode 'yes'", "PgBouncer"),
        ("postgresql://me:secret@host/base?shcema=x", "'shcema'", "Did you mean schema?"),
        ("postgresql://me:secret@host/base?pgbouncer=true", "'pgbouncer'", "pooler=transaction"),
        ("postgresql://me:secret@host/base?ssl=require", "'ssl'", "sslmode=require"),
        ("postgresql://me:secret@host:99999/base", "'99999' cannot be a port", "65535"),
        ("postgresql://me:secret@host:x,other:5432/base", "'x' cannot be a port", "65535"),
        ("postgresql://me:secret@/base?port=0", "'0' cannot be a port", "65535"),
        ("postgresql://me:secret@host/base?client_encoding=LATIN1", "'client_encoding'", "schema"),
        ("postgresql://me:secret@host/base?options=%00", "a NUL character", "?schema=outlast"),
        ("postgresql://me:secret@host/base\ud800", "half a character", "?schema=outlast"),
        ("postgresql://me:secret@[::1/base", "this is no URL", "?schema=outlast"),
        ("postgresql://me:secret\u2100@host/base", "this is no URL", "?schema=outlast"),
        (
            "postgresql://me:secret@host/base?channel_binding=require&sslmode=require",
            "channel_binding=require: the driver asyncpg has no channel binding",
            "Write channel_binding=prefer",
        ),
        ("postgresql://me:secret@host/base?channel_binding=1", "'1' cannot be", "prefer, disable"),
        ("postgresql://me:secret@host/base?gssencmode=require", "GSSAPI", "sslmode=require"),
        ("postgresql://me:secret@host/base?connect_timeout=0", "'0' cannot be", "1 to 3600"),
        ("postgresql://me:secret@host/base?connect_timeout=10s", "'10s' cannot be", "1 to 3600"),
        ("postgresql://me:secret@host/base?target_session_attrs=rw", "'rw'", "read-write"),
        ("mysql://me:secret@host/base", "no world has such a URL", "memory://"),
        ("postgresql:/me:secret@host", "no world has such a URL", "postgresql://USER"),
        ("https:me:secret@host", "no world has such a URL", "memory://"),
        ("https://me:secret@host/api/v1", "this names an HTTP API", "outlast.http.RemoteApp"),
        ("http://host?token=secret", "this names an HTTP API", "outlast.http.RemoteApp"),
        ("sqlite://", "names no file", "sqlite:///FILE.db"),
        ("sqlite:///", "names no file", "sqlite:///FILE.db"),
        ("sqlite:///:memory:", "this is no file", "Write memory://"),
        ("sqlite:x.db", "names no file", "sqlite:///FILE.db"),
        ("file:x.db", "no world has such a URL", "sqlite:///FILE.db"),
        (
            "sqlite:///x.db?key=secret",
            "sqlite:///x.db: a file takes no parameters",
            "sqlite:///x.db without ?",
        ),
        ("sqlite:///.", "this names a folder", "sqlite:///FILE.db"),
        ("sqlite:///some/", "this names a folder", "sqlite:///FILE.db"),
        ("sqlite:////", "this names a folder", "sqlite:///FILE.db"),
        ("sqlite:///a\0.db", "a NUL character", "sqlite:///FILE.db"),
        ("a\ud800.db", "half a character", "sqlite:///FILE.db"),
        ("sqlite::memory:", "names no file", "memory://"),
        ("memory", "no world has such a URL", "memory://"),
        ("", "'': no world has such a URL", "a path that ends in .db"),
    ],
)
def test_refuses_what_names_none(url: str, message: str, hint: str) -> None:
    with pytest.raises(WorldError) as caught:
        world_from_url(url, SettableClock())

    assert message in str(caught.value)
    assert caught.value.hint is not None
    assert hint in caught.value.hint
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("password", ["p/ss", "p#ss", "p?ss", "p@w/d", "12/34", "p?s.s=w", "p?w=d"])
@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_no_piece_of_a_password_is_shown(scheme: str, password: str) -> None:
    with pytest.raises(WorldError) as caught:
        world_from_url(f"{scheme}://me:{password}@host.example:1/base", SettableClock())

    assert str(caught.value).startswith(f"{scheme}://***: an @ stands behind the host")
    assert "Percent-encode / # ? @ in the password" in str(caught.value.hint)
    assert not set(re.split(r"\W", password)) & set(re.split(r"\W", str(caught.value)))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:p%2Fss%40w@host/base",
        "postgresql://host:5433/base?user=me@tenant&application_name=a@b",
        "postgresql://me:se@cret@host/my%40base",
    ],
)
def test_an_at_sign_may_stand_where_it_is_clear(url: str) -> None:
    shown = world_from_url(url, SettableClock()).url

    assert "@" in shown or "%40" in shown
    assert "ss" not in shown
    assert "cret" not in shown


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("outlast.worlds.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(WorldError, match="asyncpg") as caught:
        world_from_url("postgresql://me:secret@host/base", SettableClock())

    assert "outlast[postgres]" in str(caught.value)
    assert "secret" not in str(caught.value)
