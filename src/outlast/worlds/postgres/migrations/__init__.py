"""The schema, as numbered files: which there are.

`NNNN_name.pre.sql` is safe while workers of the release before are running, and is applied when a world is opened.
`NNNN_name.post.sql` takes away what those need, and is applied by `outlast db upgrade` once they are gone.
"""

import re
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

Stage: TypeAlias = Literal["pre", "post"]

_FILE = re.compile(r"(\d{4})_(\w+)\.(pre|post)\.sql")


class Migration(msgspec.Struct, frozen=True):
    """A step of the schema."""

    number: int
    name: str
    stage: Stage
    script: str
    """`{schema}` stands for the schema."""


def _known() -> tuple[Migration, ...]:
    found = ((_FILE.fullmatch(file.name), file) for file in Path(__file__).parent.iterdir())
    steps = [
        Migration(
            int(name[1]),
            name[2],
            "pre" if name[3] == "pre" else "post",
            file.read_text(encoding="utf-8"),
        )
        for name, file in found
        if name
    ]
    return tuple(sorted(steps, key=lambda step: step.number))


MIGRATIONS: Final = _known()
"""All that this library has, in order."""

LATEST: Final = MIGRATIONS[-1].number
