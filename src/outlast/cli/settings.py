"""`outlast settings`: what is set, and where."""

import os
from pathlib import Path
from typing import cast

from rich.table import Table
from rich.text import Text

from outlast._api.setting_table import SETTINGS
from outlast._api.settings import Origin, shown, shown_url
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.output import Output


async def command(*, common: Common = DEFAULTS) -> int:
    """Print every setting, its value here and now, and where it is set: in the environment, in
    pyproject.toml, or nowhere. Passwords and tokens are not shown.
    """
    output = Output(common)
    found = {name: shown(name) for name in SETTINGS}
    if common.url is not None:
        found["url"] = Origin(shown_url(common.url), "--url")
    output.document({"settings": found})
    output.show(_table(found))
    return 0


def _table(found: dict[str, Origin]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("set by", overflow="fold", style="dim")
    for name, one in found.items():
        source = one.source.replace(f"{Path.cwd()}{os.sep}", "")
        table.add_row(name, Text(_text(one.value)), Text(source))  # not markup: [tool.outlast]
    return table


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(map(str, cast("tuple[object, ...]", value)))
        case _:
            return str(value)
