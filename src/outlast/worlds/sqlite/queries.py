"""The loader of the `.sql` files: SQL is looked up by name."""

import re
from pathlib import Path

from outlast.worlds.orders import variants

_HEAD = re.compile(r"^-- (name|fragment): (\w+)$", re.MULTILINE)
_USE = re.compile(r"\{(\w+)\}")


def load(file: str) -> dict[str, str]:
    """The queries of a file of this package: name -> SQL, with the fragments put in."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    _, *parts = _HEAD.split(text)
    sections = list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))
    fragments = {name: body for kind, name, body in sections if kind == "fragment"}
    return {
        name: _USE.sub(lambda use: fragments[use[1]].strip(), body).strip()
        for kind, query, text in sections
        if kind == "name"
        for name, body in variants(query, text)
    }


QUERIES = load("queries.sql")
"""What the stores ask for."""

COMMIT = load("commit.sql")
"""What a connection that commits has to set up, in this order."""
