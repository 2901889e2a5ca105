"""The OpenAPI document, and whether the API does what it says."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from outlast import App
from outlast.blocking import opened
from outlast.http import asgi
from outlast.http.app import OPERATIONS
from outlast.http.operations import Operation
from outlast.http.serving import Server, address_of, listen
from tests.http import flows

NAMES = (flows.twice.name, flows.nap.name)
"""They are defined by now, so they can be started."""

CHECKED = [one for one in OPERATIONS if not one.path.endswith("/feed")]
"""All that end."""


@pytest.fixture(scope="module")
def api() -> Iterator[object]:
    """The document as schemathesis reads it, from a server on the loop of an open app."""
    with opened(App("memory://", worker=False)) as app, listen("127.0.0.1", 0) as listening:
        http = asgi(app)
        server = Server(http, grace=1)
        serving = asyncio.run_coroutine_threadsafe(server.serve([listening]), app.runtime.loop)
        try:
            yield schemathesis.openapi.from_url(f"{address_of(listening)}{http.base}/openapi.json")
        finally:
            server.stop()
            serving.result(20)


@pytest.mark.law
@pytest.mark.parametrize("operation", CHECKED, ids=lambda one: one.id)
def test_the_api_does_what_it_says(api: Any, operation: Operation) -> None:
    described = api[operation.path.replace(":path", "")][operation.method]

    @given(case=described.as_strategy())
    @settings(
        max_examples=max(12, settings().max_examples // 20),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def hold(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    hold()
