"""The state of a schema as text."""

from collections.abc import Iterator

from rich.text import Text

from outlast.worlds import SchemaStatus


def status_text(status: SchemaStatus) -> Text:
    """Which migration the schema is at, what is pending, and what that waits for."""
    return Text("\n".join(_lines(status)))


def _lines(status: SchemaStatus) -> Iterator[str]:
    yield status.url
    if status.up_to_date:
        yield f"  up to date at migration {status.current}"
        return
    if status.current:
        yield f"  at migration {status.current}; this library has {status.known}"
    else:
        yield f"  no schema yet; this library has migration {status.known}"
    for name in status.pending_pre:
        yield f"  {name}  pending: applied when the database is opened, or by `outlast db upgrade`"
    for name in status.pending_post:
        yield f"  {name}  pending: applied by `outlast db upgrade`"
    for worker in status.older_workers:
        yield f"  {worker} is of an older release: stop it before the upgrade"
