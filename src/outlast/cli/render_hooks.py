"""Hooks as a table."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from outlast.cli.output import to_json
from outlast.cli.times import ago, rough
from outlast.records import HookInfo


def hooks_table(hooks: Sequence[HookInfo], now: datetime) -> Table:
    """One row each. Tokens, ids and URLs are never cut."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("token or url", "run", "hook"):
        table.add_column(title, overflow="fold")
    for title in ("created", "expires"):
        table.add_column(title, no_wrap=True, justify="right")
    table.add_column("wants", no_wrap=True, overflow="ellipsis")
    for hook in hooks:
        expires = "" if hook.expires_at is None else f"in {rough(hook.expires_at - now)}"
        # As texts: what users have chosen is no markup.
        table.add_row(
            Text(hook.url or hook.token),
            Text(hook.run_id),
            Text(hook.id or "reserved"),
            ago(hook.created_at, now),
            expires,
            Text(_wants(hook), style="dim"),
        )
    return table


def _wants(hook: HookInfo) -> str:
    """The title of the schema or its type, and the metadata."""
    schema = hook.schema or {}
    parts = [str(schema.get("title") or schema.get("type") or "")]
    if hook.metadata:
        parts.append(to_json(hook.metadata))
    return " ".join(part for part in parts if part)
