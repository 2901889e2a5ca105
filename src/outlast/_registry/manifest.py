"""What code a deployment has: each workflow and step, with its signature and source."""

import inspect
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec

from outlast._clock import Micros
from outlast._ids import digest
from outlast._model.workers import Manifest, ManifestEntry
from outlast._registry.definitions import StepDefinition, WorkflowDefinition
from outlast._registry.registry import Registry


def make_manifest(registry: Registry, version: str, now: Micros) -> Manifest:
    """The manifest of everything that is registered, sorted by kind and name."""
    changes, entries = _MADE.get(registry, (None, ()))
    if changes != registry.changes:
        known = [_known_entry(one) for one in registry]
        entries = tuple(sorted(known, key=lambda entry: (entry.kind, entry.name)))
        _MADE[registry] = registry.changes, entries
    return Manifest(version=version, created_at=now, entries=entries)


def encode_manifest(manifest: Manifest) -> bytes:
    """As JSON."""
    return msgspec.json.encode(manifest)


def decode_manifest(data: bytes) -> Manifest:
    """Back from JSON."""
    return msgspec.json.decode(data, type=Manifest)


class _Named(msgspec.Struct, frozen=True, gc=False):
    kind: str
    name: str


class _Names(msgspec.Struct):
    entries: tuple[_Named, ...]


def merged(data: bytes, more: Manifest) -> Manifest | None:
    """What is known of a version, as JSON, and a manifest of another of its programs; `None` if all of that is known.
    What both have stays as it is known. Raises `msgspec.DecodeError`."""
    # Mostly all is known, so only the names are read at first.
    names = {(entry.kind, entry.name) for entry in msgspec.json.decode(data, type=_Names).entries}
    fresh = [entry for entry in more.entries if (entry.kind, entry.name) not in names]
    if not fresh:
        return None
    known = decode_manifest(data)
    entries = sorted((*known.entries, *fresh), key=lambda entry: (entry.kind, entry.name))
    return msgspec.structs.replace(known, entries=tuple(entries))


def definition_source(definition: StepDefinition | WorkflowDefinition) -> str:
    """The source text of a definition; its compiled code, as text, where there is no source.

    It is that of the first time it was asked for: of a file that changes later, not what it became.
    """
    fn = definition.fn
    source = _SOURCES.get(fn)
    if source is None:
        source = _SOURCES[fn] = _source(fn)
    return source


def source_digest(definition: WorkflowDefinition) -> str:
    """A fingerprint of a workflow's own source."""
    return digest(definition_source(definition).encode())


_SOURCES: Final[WeakKeyDictionary[Callable[..., Any], str]] = WeakKeyDictionary()
"""Finding the end of a function tokenizes its source: about a millisecond each."""

_MADE: Final[WeakKeyDictionary[Registry, tuple[int, tuple[ManifestEntry, ...]]]] = (
    WeakKeyDictionary()
)
"""The entries of a registry, and how often it had changed by then."""

_ENTRIES: Final[WeakKeyDictionary[Callable[..., Any], ManifestEntry]] = WeakKeyDictionary()


def _source(fn: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(fn)
    except (OSError, TypeError):
        code = inspect.unwrap(fn).__code__
        return f"# no source; bytecode {code.co_code.hex()} constants {code.co_consts!r}"


def _known_entry(definition: StepDefinition | WorkflowDefinition) -> ManifestEntry:
    known = _ENTRIES.get(definition.fn)
    if known is None or known.name != definition.name:
        known = _ENTRIES[definition.fn] = _entry(definition)
    return known


def _entry(definition: StepDefinition | WorkflowDefinition) -> ManifestEntry:
    source = definition_source(definition)
    return ManifestEntry(
        kind="workflow" if isinstance(definition, WorkflowDefinition) else "step",
        name=definition.name,
        module=definition.fn.__module__,
        file=definition.place.file,
        line=definition.place.line,
        signature=str(inspect.signature(definition.fn)),
        doc=inspect.getdoc(definition.fn) or "",
        source=source,
        digest=digest(source.encode()),
    )
