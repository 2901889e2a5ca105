"""The checks, by concern."""

from outlast.testing.conformance.checking import Check
from outlast.testing.conformance.sections.advancing import ADVANCING, FENCING
from outlast.testing.conformance.sections.appending import APPENDING
from outlast.testing.conformance.sections.claiming import CLAIMING, LEASES
from outlast.testing.conformance.sections.comparing import COMPARING
from outlast.testing.conformance.sections.creating import CREATING
from outlast.testing.conformance.sections.dispatching import DISPATCHING, STEP_CLAIMS
from outlast.testing.conformance.sections.families import CHILDREN, NOTIFYING
from outlast.testing.conformance.sections.hooking import HOOKING, RESERVING
from outlast.testing.conformance.sections.reading import ATTRIBUTES, LISTING, MANIFESTS, PAGING
from outlast.testing.conformance.sections.retaining import RETENTION
from outlast.testing.conformance.sections.settling import SETTLING, STEP_LEASES
from outlast.testing.conformance.sections.sharing import FAULTS, NEWS, RACES
from outlast.testing.conformance.sections.streaming import STREAMS
from outlast.testing.conformance.sections.suspending import SUSPENDING
from outlast.testing.conformance.sections.waking import WAKING
from outlast.testing.conformance.sections.workers import WORKERS

SECTIONS = (
    CREATING,
    ADVANCING,
    FENCING,
    APPENDING,
    SUSPENDING,
    CLAIMING,
    LEASES,
    WORKERS,
    LISTING,
    PAGING,
    ATTRIBUTES,
    CHILDREN,
    NOTIFYING,
    MANIFESTS,
    DISPATCHING,
    STEP_CLAIMS,
    SETTLING,
    STEP_LEASES,
    STREAMS,
    HOOKING,
    RESERVING,
    WAKING,
    RETENTION,
    NEWS,
    RACES,
    FAULTS,
    COMPARING,
)

ALL_CHECKS: tuple[Check, ...] = tuple(check for section in SECTIONS for check in section.checks)
