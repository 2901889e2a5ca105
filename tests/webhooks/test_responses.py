"""What can be an answer of HTTP."""

from typing import Any

import pytest

from outlast.errors import NotAllowedHereError
from outlast.webhooks import Response, WebhookRequest


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ä", "a\n", "a\x00"])
def test_a_name_that_no_header_has_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a header"):
        Response(headers={name: "x"})


@pytest.mark.parametrize("value", ["日本", "a\r\nb: c", "\x00", "\x7f"])
def test_a_value_that_no_header_has_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be a header"):
        Response(headers={"x-word": value})


def test_what_headers_have_is_taken() -> None:
    headers = {"X-Word_1.a": "é a\tb", "etag": "", "link": '<https://a.example>; rel="next"'}
    assert Response(headers=headers).headers == headers


@pytest.mark.parametrize("status", [199, 600, 0])
def test_a_status_that_ends_nothing_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="cannot be the status"):
        Response(status=status)


def test_a_request_is_answered_with_nothing_but_a_response() -> None:
    request = WebhookRequest(method="POST", answer="run/answer")
    for given in ("text", {"ok": True}, None):
        answer: Any = given
        with pytest.raises(NotAllowedHereError, match=f"with {type(answer).__name__}"):
            request.respond(answer)
