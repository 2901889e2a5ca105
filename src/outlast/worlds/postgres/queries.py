"""The loader of the `.sql` files: SQL is looked up by name, and made for one schema."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from outlast.worlds.orders import variants

_HEAD = re.compile(r"^-- (name|fragment): (\w+)$", re.MULTILINE)
_USE = re.compile(r"\{(\w+)\}")


def queries(schema: str) -> Mapping[str, str]:
    """What all stores but that of streams ask for."""
    return load("queries.sql", schema)


@cache
def load(file: str, schema: str) -> Mapping[str, str]:
    """The queries of a file: name -> SQL, with the fragments put in. `schema` is the schema's name, quoted.

    The name is part of every statement: a search path would belong to a session, and a pooler gives
    each transaction another one.
    """
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    _, *parts = _HEAD.split(text)
    sections = list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))
    fragments = {"schema": schema} | {
        name: body.strip().replace("{schema}", schema)
        for kind, name, body in sections
        if kind == "fragment"
    }
    return {
        name: _USE.sub(lambda use: fragments[use[1]], body).strip()
        for kind, query, text in sections
        if kind == "name"
        for name, body in variants(query, text)
    }


def for_schema(script: str, schema: str) -> str:
    """A script of the migrations, made for one schema."""
    return script.replace("{schema}", schema)
