"""Points in time as they are written on a command line."""

from datetime import datetime

from outlast._api.inspection import length_of_time
from outlast.cli.problem import Problem
from outlast.cli.times import current_time, local_zone
from outlast.errors import InvalidDurationError


def past_moment(text: str) -> datetime:
    """A date with or without a time, or a length of time before now. Raises `Problem`."""
    found = date_or_none(text)
    if found is not None:
        return found
    try:
        return current_time() - length_of_time(text)
    except InvalidDurationError as error:
        raise Problem(
            f"{text!r} is no time",
            hint="Write 2026-03-01, 2026-03-01T09:30, or how long ago: 90s, 2h, '3 days'.",
        ) from error


def date_or_none(text: str) -> datetime | None:
    """A date in ISO form; of the local time zone if it names none. `None` also for those at the ends of the
    calendar, which some time zone does not have."""
    zone = local_zone()
    try:
        then = datetime.fromisoformat(text)
        return (then if then.tzinfo else then.replace(tzinfo=zone)).astimezone(zone)
    except (ValueError, OverflowError):
        return None
