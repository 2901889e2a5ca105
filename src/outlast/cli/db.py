"""`outlast db`: the schema of the database."""

from typing import Annotated, Literal

from cyclopts import Parameter
from msgspec import structs
from rich.text import Text

from outlast._api.settings import find_url
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.looking import need_database
from outlast.cli.output import Output
from outlast.cli.render_db import status_text
from outlast.worlds import Schema, schema_from_url


async def command(
    action: Literal["status", "upgrade"],
    /,
    *,
    force: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    common: Common = DEFAULTS,
) -> int:
    """Tell where the schema of the database stands, or bring it up to date.

    Opening a database applies what running workers of an older release do not mind. What they would is left to
    `upgrade`, once they are stopped.

    Parameters
    ----------
    action
        `status` exits with 1 if something is pending.
    force
        With `upgrade`: also while workers of an older release are registered.
    """
    output = Output(common)
    need_database(common)
    schema = schema_from_url(find_url(common.url))
    if action == "upgrade":
        return await _upgrade(schema, output, force=force)
    status = await schema.status()
    output.document({**structs.asdict(status), "up_to_date": status.up_to_date})
    output.show(status_text(status))
    return Exit.OK if status.up_to_date else Exit.FAILED


async def _upgrade(schema: Schema, output: Output, *, force: bool) -> int:
    applied = await schema.upgrade(force=force)
    status = await schema.status()
    output.document({"applied": applied, "current": status.current})
    for name in applied:
        output.show(Text(f"applied {name}"))
    output.show(status_text(status))
    return Exit.OK
