"""What the determinism check found."""

from typing import Literal, TypeAlias

import msgspec

Severity: TypeAlias = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One place in workflow code. Prints as `flow.py:17:9 open: Read and write files in a step.`"""

    file: str
    line: int
    column: int
    """1 for the first character of the line."""
    name: str
    """What was found: `open`, `requests.get`, `os.environ`."""
    message: str
    """What to do about it."""
    severity: Severity

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.name}: {self.message}"
