"""Taking runs, in SQLite. The write lock must be held."""

import sqlite3

from outlast._clock import Micros
from outlast.world import Claim, ClaimedRun, ClaimRequest
from outlast.worlds.sqlite.encoding import (
    NOTHING,
    ask,
    change,
    events,
    json_text,
    records,
)
from outlast.worlds.sqlite.queries import QUERIES

_BEGINNING = 200
"""How many events of its log a claimed run comes with."""


def take(
    connection: sqlite3.Connection, picked: str, claim: Claim, now: Micros
) -> tuple[ClaimedRun, ...]:
    """Make the picked runs the worker's."""
    if picked == NOTHING:
        return ()
    change(
        connection,
        "take",
        {"worker": claim.worker, "lease": claim.lease, "now": now, "picked": picked},
    )
    wish = {"picked": picked, "until": _BEGINNING}
    rows, *log = connection.execute(QUERIES["taken"], wish).fetchone()
    beginnings = events((log[0], log[1]))
    return tuple([ClaimedRun(run=run, events=tuple(beginnings[run.id])) for run in records(rows)])


def take_woken(
    connection: sqlite3.Connection, woken: tuple[str, ...], request: ClaimRequest, now: Micros
) -> tuple[ClaimedRun, ...]:
    """Take of the runs that a batch has woken what the worker has asked for."""
    wish = {
        "run_ids": json_text(woken),
        "workflows": json_text(sorted(request.workflows)),
        "queues": json_text(request.queues),
        "limit": request.limit,
    }
    return take(connection, ask(connection, "pick_woken", wish), request.claim, now)
