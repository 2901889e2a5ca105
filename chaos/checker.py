"""The laws, checked on what is left: the database, what was acknowledged, and what the workers have witnessed.

Laws 1 to 4, 7 and 8 of the design, and that nothing acknowledged is lost. Call it where no event loop runs.
"""

from collections.abc import Iterator

from chaos.evidence import Evidence, Violation
from chaos.laws import check_run
from chaos.owners import Witnessed, check_owners
from chaos.twin import Facts, undisturbed
from outlast._model.events import CancelRequested, ChildStarted


def check(evidence: Evidence) -> list[Violation]:
    """All violations, sorted. None is what it should be."""
    twins = undisturbed(evidence.errands)
    witnessed = Witnessed(evidence.testimonies)
    found = list(check_presence(evidence, twins))
    for run_id, kept in evidence.runs.items():
        found += check_run(kept, twins.get(run_id))
        found += check_owners(kept, witnessed)
    if not evidence.queue_empty:
        found.append(Violation("every step ends", "-", "a dispatched step is still in its queue"))
    return sorted(found)


def check_presence(evidence: Evidence, twins: dict[str, Facts]) -> Iterator[Violation]:
    """What was acknowledged is there: starts, and cancellations; and what the logs speak of."""
    law = "what was acknowledged is there"
    for run_id in evidence.started - evidence.runs.keys():
        yield Violation(law, run_id, "the run was started, and is not there")
    for run_id in {errand.run_id for errand in evidence.errands} - evidence.started:
        yield Violation(law, run_id, "its start was never acknowledged")
    for run_id in evidence.cancelled & evidence.runs.keys():
        events = [logged.event for logged in evidence.runs[run_id].log]
        if not any(isinstance(event, CancelRequested) for event in events):
            yield Violation(law, run_id, "the run was cancelled, and does not know of it")
    children = {
        logged.event.run_id: kept.row.id
        for kept in evidence.runs.values()
        for logged in kept.log
        if isinstance(logged.event, ChildStarted)
    }
    for run_id in children.keys() - evidence.runs.keys():
        yield Violation(law, run_id, f"{children[run_id]} has started it, and it is not there")
    for run_id in twins.keys() - evidence.runs.keys() - children.keys() - evidence.started:
        yield Violation("as the undisturbed twin", run_id, "there should be this run")
