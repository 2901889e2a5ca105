"""A URL names a world, or the error says what would."""

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
        ("postgresql://me:secret@host:99999/base", "'99999' cannot be a port", "65535"),
        ("postgresql://me:secret@host:x,other:5432/base", "'x' cannot be a port", "65535"),
        ("postgresql://me:secret@/base?port=0", "'0' cannot be a port", "65535"),
        ("postgresql://me:secret@host/base?client_encoding=LATIN1", "'client_encoding'", "schema"),
        ("postgresql://me:secret@host/base?options=%00", "a NUL character", "?schema=outlast"),
        ("postgresql://me:secret@host/base\ud800", "half a character", "?schema=outlast"),
        ("postgresql://me:secret@[::1/base", "this is no URL", "?schema=outlast"),
        ("mysql://me:secret@host/base", "no world has such a URL", "memory://"),
        ("sqlite://", "names no file", "sqlite:///FILE.db"),
        ("sqlite:///", "names no file", "sqlite:///FILE.db"),
        ("sqlite::memory:", "names no file", "memory://"),
        ("memory", "no world has such a URL", "memory://"),
        ("", "no world has such a URL", "a path that ends in .db"),
    ],
)
def test_refuses_what_names_none(url: str, message: str, hint: str) -> None:
    with pytest.raises(WorldError) as caught:
        world_from_url(url, SettableClock())

    assert message in str(caught.value)
    assert caught.value.hint is not None
    assert hint in caught.value.hint
    assert "secret" not in str(caught.value)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("outlast.worlds.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(WorldError, match="asyncpg") as caught:
        world_from_url("postgresql://me:secret@host/base", SettableClock())

    assert "outlast[postgres]" in str(caught.value)
    assert "secret" not in str(caught.value)
