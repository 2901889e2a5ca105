"""The OpenAPI document, made from the operations and the records that they take and give."""

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec

from outlast.http.operations import Nothing, Operation
from outlast.http.problems import MEDIA, Problem

_REF: Final = "#/components/schemas/{name}"
_EVERYWHERE: Final = (400, 401, 403, 422, 500, 503)
"""Refusals of every operation."""
_WITH_BODY: Final = (413, 415)


def document(operations: Sequence[Operation], base: str) -> dict[str, Any]:
    """The document. Every type that an operation names is described once, under its name."""
    types = _types(operations)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(types, schemas, strict=True))
    paths: dict[str, Any] = {}
    for one in operations:
        paths.setdefault(one.path.replace(":path", ""), {})[one.method.lower()] = _operation(
            one, schema_of
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Outlast",
            "version": version("outlast"),
            "description": "Durable runs: start them, look at them, act on them.",
        },
        "servers": [{"url": base or "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types(operations: Iterable[Operation]) -> list[Any]:
    found: dict[Any, None] = {Problem: None}
    for one in operations:
        for kind in (one.result, None if one.body is Nothing else one.body):
            if kind is not None:
                found[kind] = None
        found |= {info.type: None for info in msgspec.structs.fields(one.query)}
    return list(found)


def _operation(one: Operation, schema_of: dict[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": one.id,
        "summary": one.summary,
        "description": f"Needs the role `{one.role}`.",
        "parameters": [*_path_parameters(one.path), *_query_parameters(one, schema_of)],
        "responses": _responses(one, schema_of),
        "security": [{"bearer": []}, {}],
    }
    if one.body is not Nothing:
        told["requestBody"] = {
            "required": any(info.required for info in msgspec.structs.fields(one.body)),
            "content": {"application/json": {"schema": schema_of[one.body]}},
        }
    return told


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)", path)
    ]


def _query_parameters(one: Operation, schema_of: dict[Any, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": info.encode_name,
            "in": "query",
            "required": info.required,
            "schema": _without_null(schema_of[info.type]),
        }
        for info in msgspec.structs.fields(one.query)
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; it is never null."""
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _responses(one: Operation, schema_of: dict[Any, Any]) -> dict[str, Any]:
    content = {
        media: {"schema": schema_of[one.result]}
        if media == "application/json" and one.result is not None
        else {"schema": {"type": "string"}}
        for media in one.media
    }
    refusals = {*_EVERYWHERE, *one.errors, *(_WITH_BODY if one.body is not Nothing else ())}
    fine = {"description": HTTPStatus(one.status).phrase, "content": content}
    told = {str(one.status): fine}
    if one.method == "GET" and one.media == ("application/json",):
        told["304"] = {"description": "Not changed since the ETag that was sent"}
    problem = {MEDIA: {"schema": schema_of[Problem]}}
    return told | {
        str(status): {"description": HTTPStatus(status).phrase, "content": problem}
        for status in sorted(refusals)
    }
