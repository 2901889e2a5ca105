"""From a rule to what workflow code sees: made once per object and process."""

from typing import Any, Final

from outlast._engine.lens_drawn import drawn
from outlast._engine.lens_refused import refused
from outlast._registry.check_rules import Rule

_made: Final[dict[int, Any]] = {}
"""By the id of the real object, which the rules keep alive."""


def stand_in(rule: Rule, real: Any) -> Any:
    """What workflow code sees in place of an object that has a rule; the same one each time."""
    if rule.kind == "unstable" or (rule.kind == "refused" and rule.attributes):
        return real
    made = _made.get(id(real))
    if made is None:
        made = _made[id(real)] = (
            refused(rule, real) if rule.kind == "refused" else drawn(rule, real)
        )
    return made
