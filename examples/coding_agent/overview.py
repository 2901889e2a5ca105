"""What the page shows of chats: which there are, and how each stands."""

from datetime import datetime
from typing import Any, Final

from examples.coding_agent.chats import CODE, TALK
from examples.coding_agent.titles import first_words
from outlast import App, RunStatus
from outlast.records import RunInfo

_MOST: Final = 200


async def chats_of(app: App) -> list[dict[str, Any]]:
    """All chats, that which was used last first."""
    runs = (await app.list_runs(workflow=[CODE, TALK], limit=_MOST)).runs
    by_chat: dict[tuple[str, str], list[RunInfo]] = {}
    for info in runs:  # the newest first
        by_chat.setdefault((info.workflow, str(info.attributes.get("chat"))), []).append(info)
    found = [await _described(app, same) for same in by_chat.values()]
    return sorted(found, key=lambda one: str(one["updated"]), reverse=True)


async def _described(app: App, runs: list[RunInfo]) -> dict[str, Any]:
    newest, oldest = runs[0], runs[-1]
    is_code = newest.workflow == CODE
    told = newest.attributes
    updated = told.get("updated") or _iso(newest.ended_at or newest.created_at)
    return {
        "id": told.get("chat"),
        "kind": "code" if is_code else "talk",
        "title": told.get("title") or await _first_words(app, oldest),
        "status": await _status(app, newest, is_code=is_code),
        "started": _iso(oldest.created_at),
        "updated": updated,
        "sandbox": told.get("sandbox"),
        "run": newest.id,
    }


async def _status(app: App, info: RunInfo, *, is_code: bool) -> str:
    match info.status:
        case RunStatus.FAILED | RunStatus.BLOCKED:
            return "failed"
        case RunStatus.COMPLETED | RunStatus.CANCELLED:
            return "ended" if is_code else "idle"
        case _ if not is_code:
            return "answering"
        case _:
            state = str(info.attributes.get("state") or "answering")
            return "waiting" if state == "answering" and await _is_asking(app, info) else state


async def _is_asking(app: App, info: RunInfo) -> bool:
    """Whether it waits for an approval."""
    hooks = (await app.list_hooks(info.id)).hooks
    return any((hook.metadata or {}).get("kind") == "approval" for hook in hooks)


async def _first_words(app: App, info: RunInfo) -> str:
    """Of what the user has said first."""
    async for turn in app.get_run(info.id).stream("turns", follow=False):
        return first_words(str(turn["text"]))
    return ""


def _iso(moment: datetime) -> str:
    return moment.isoformat()
