"""The OpenAPI document, and whether the API does what it says."""

from collections.abc import Iterator

import pytest
import schemathesis

from outlast import App
from outlast.blocking import opened
from outlast.http import asgi
from tests.http import flows

assert flows


@pytest.fixture(scope="module")
def api() -> Iterator[object]:
    """The document as schemathesis reads it, of an app that is open."""
    app = App("memory://", worker=False)
    with opened(app):
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", asgi(app))
