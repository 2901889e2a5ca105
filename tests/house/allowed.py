"""What the house tests let pass, and why. A test fails for an entry that is no longer needed.

Keys are `module:qualified.name`, a module's name, or a path from the root of the checkout.
"""

from collections.abc import Mapping

LONG_FILES: Mapping[str, str] = {
    "src/outlast/errors.py": "the one tree of errors, which is drawn at its top and read as a whole",
}

LONG_CLASSES: Mapping[str, str] = {}

WIDE_CLASSES: Mapping[str, str] = {
    "outlast._engine.loop:WorkflowLoop": "asyncio's contract for event loops has these methods",
    "outlast._runtime.live:LiveRun": "it joins log, outbox, attempts and commands; most methods are a few lines",
    "outlast._runtime.runtime:Runtime": "what all live runs share, and each door to the committer",
    "outlast.otel.telemetry:OpenTelemetry": "one short method for each call of the contract of tracers",
    "outlast.testing.conformance.programs:_Program": "one short maker for each operation of a world",
}

LONG_FUNCTIONS: Mapping[str, str] = {}

MANY_PARAMETERS: Mapping[str, str] = {
    "outlast._api.starting:start": "the public call: its options are keywords fixed by the design",
    "outlast._api.app:App.__init__": "the public call: what an app is made of, each with a default",
    "outlast._runtime.runtime:Runtime.__init__": "what the runtime is composed of, and made in one place",
    "outlast._webhooks.webhook:webhook": "the public call: its options are keywords, each for a concern of its own",
}

DEEP_NESTING: Mapping[str, str] = {}

DEEP_FOLDERS: Mapping[str, str] = {
    "outlast.testing.conformance.sections": "one file a concern, apart from what exercises them",
}

LAZY_IMPORTS: Mapping[str, str] = {
    "outlast.worlds": "a process uses one world, or none; that in PostgreSQL needs a driver that only an extra brings",
    "_outlast_command": "its point is to be there before the package is imported",
    "outlast.cli.entry": "help and what is refused at once need neither asyncio nor what shows errors",
    "outlast.cli.looking": "what asks over HTTP comes with an extra; it says so where that is missing",
    "outlast.cli.top.command": "what it draws with comes with an extra; it says so where that is missing",
    "outlast.cli.serve": "what it serves with comes with an extra; it says so where that is missing",
    "outlast.cli.web": "the pages come with an extra; it says so where that is missing",
    "outlast.cli.telemetry": "its API comes with an extra; it says so where that is missing",
    "outlast._registry.arguments": "pydantic takes longer to import than the rest, and not every process calls",
    "outlast._engine.unwinding": "ctypes takes 4 ms to import, and hardly any process needs it",
    "outlast._api.hook_schemas": "pydantic and jsonschema take long to import, and not every process has hooks",
    "outlast._api.chunks": "the same: not every process has streams with types",
    "outlast._api.settings": "tomllib compiles its patterns when imported, and not every process finds a pyproject.toml",
    "outlast._codec.scalars": "zoneinfo looks for its database when imported, and few values have a time zone of it",
    "outlast.worlds.sqlite.migrations": "only the message of a refusal needs the library's version",
}
"""Modules that import inside functions, other than an optional extra."""

FOREIGN_NAMES: Mapping[str, str] = {
    "outlast.agents.durable:get_durable_operation_backend": "the method has this name in Pydantic AI's contract",
}
"""Names with a word of somebody else's glossary."""

LISTS: Mapping[str, Mapping[str, str]] = {
    "long files": LONG_FILES,
    "long classes": LONG_CLASSES,
    "wide classes": WIDE_CLASSES,
    "long functions": LONG_FUNCTIONS,
    "many parameters": MANY_PARAMETERS,
    "deep nesting": DEEP_NESTING,
    "deep folders": DEEP_FOLDERS,
    "lazy imports": LAZY_IMPORTS,
    "foreign names": FOREIGN_NAMES,
}
