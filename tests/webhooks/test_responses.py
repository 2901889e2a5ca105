"""What can be an answer of HTTP."""

import pytest

from outlast.webhooks import Response


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
