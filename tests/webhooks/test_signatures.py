"""Signatures: the examples that the standards publish, and what must be refused."""

import base64
import hmac
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast._webhooks.requests import WebhookRequest
from outlast._webhooks.signatures import GitHub, Slack, StandardWebhooks, Stripe, Verification
from outlast.errors import DefinitionError, InvalidDurationError, SettingsError, SignatureError
from tests.webhooks.signing import BODY, NOW, OTHER, SCHEMES, SECONDS, SECRET, signed

each_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda one: type(one).__name__)
each_timed_scheme = pytest.mark.parametrize(
    "scheme",
    [one for one in SCHEMES if not isinstance(one, GitHub)],
    ids=lambda one: type(one).__name__,
)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.delenv("NEW_SECRET", raising=False)


def changed(request: WebhookRequest, **headers: str | None) -> WebhookRequest:
    """With other headers; `None` takes one away."""
    wanted = request.headers | {name.replace("_", "-"): v for name, v in headers.items()}
    kept = {name: value for name, value in wanted.items() if value is not None}
    return msgspec.structs.replace(request, headers=kept)


# The vectors


def test_standard_webhooks_own_example() -> None:
    """From the reference libraries' tests of signing, github.com/standard-webhooks/standard-webhooks."""
    request = WebhookRequest(
        method="POST",
        headers={
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        body=b'{"test": 2432232314}',
    )
    assert StandardWebhooks("SECRET")(request, NOW) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_githubs_own_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """From GitHub's documentation, "Validating webhook deliveries", section "Testing"."""
    monkeypatch.setenv("SECRET", "It's a Secret to Everybody")
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    request = WebhookRequest(
        method="POST", headers={"x-hub-signature-256": signature}, body=b"Hello, World!"
    )
    assert GitHub("SECRET")(request, NOW).startswith("sha256:dffd6021bb2bd5b0af676290809ec3a5")


def test_slacks_own_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """From Slack's documentation, "Verifying requests from Slack"."""
    monkeypatch.setenv("SECRET", "8f742231b10e8888abcd99yyyzzz85a5")
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    request = WebhookRequest(
        method="POST",
        headers={
            "x-slack-request-timestamp": "1531420618",
            "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        },
        body=body,
    )
    now = datetime.fromtimestamp(1_531_420_620, UTC)
    assert Slack("SECRET")(request, now).startswith("sha256:")


def test_what_stripes_library_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe publishes no example with its secret; this one was signed by its library for Python, stripe 16.1.0:
    `WebhookSignature._compute_signature`."""
    monkeypatch.setenv("SECRET", "whsec_outlast_test")
    signature = "d3254ecdc986f2999cb8289f5c80d37668f5a3fd3eaa80285bf8e70a9993fd18"
    request = WebhookRequest(
        method="POST",
        headers={"stripe-signature": f"t=1760000000,v1={signature},v0=6ffbb59b2300aae63f27"},
        body=b'{"id":"evt_outlast_1","object":"event","type":"invoice.paid"}',
    )
    now = datetime.fromtimestamp(1_760_000_000, UTC)
    assert Stripe("SECRET")(request, now) == "evt_outlast_1"


# What is refused


@each_scheme
@given(data=st.data())
def test_no_bit_may_be_another(scheme: Verification, data: st.DataObject) -> None:
    """Neither of the body nor of a header that belongs to the signature."""
    request = signed(scheme)
    part = data.draw(st.sampled_from(["", *sorted(request.headers)]))
    content = request.headers[part].encode("latin-1") if part else request.body
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    if part:
        request = changed(request, **{part: flipped.decode("latin-1")})
    else:
        request = msgspec.structs.replace(request, body=bytes(flipped))
    with pytest.raises(SignatureError):
        scheme(request, NOW)


@each_scheme
@given(data=st.data())
def test_nonsense_is_refused_and_nothing_breaks(scheme: Verification, data: st.DataObject) -> None:
    text = st.text(st.characters(codec="utf-8")) | st.from_regex(r"[tv]?[01]?[=,]?[0-9a-f ,=]*")
    headers = {name: data.draw(text) for name in signed(scheme).headers}
    with pytest.raises(SignatureError):
        scheme(WebhookRequest(method="POST", headers=headers, body=data.draw(st.binary())), NOW)


@each_scheme
def test_headers_must_be_there(scheme: Verification) -> None:
    request = signed(scheme)
    for name in request.headers:
        with pytest.raises(SignatureError, match=f"the request has no {name}"):
            scheme(changed(request, **{name: None}), NOW)


@each_scheme
def test_another_secret_signs_nothing(scheme: Verification) -> None:
    with pytest.raises(SignatureError, match="no signature of the request fits"):
        scheme(signed(scheme, secret=OTHER), NOW)


@each_timed_scheme
@pytest.mark.parametrize(
    ("seconds", "problem"), [(-301, "too old for the clock here"), (301, "too far ahead of the")]
)
def test_the_time_may_be_neither_past_nor_ahead(
    scheme: Verification, seconds: int, problem: str
) -> None:
    now = datetime.fromtimestamp(SECONDS, UTC)
    assert scheme(signed(scheme, at=SECONDS + seconds - seconds // 301), now)
    with pytest.raises(SignatureError, match=problem):
        scheme(signed(scheme, at=SECONDS + seconds), now)


@pytest.mark.parametrize("make", [StandardWebhooks, Stripe, Slack])
def test_the_tolerance_can_be_chosen(make: Any) -> None:
    scheme = make("SECRET", tolerance="1h")
    assert scheme(signed(scheme, at=SECONDS - 3_500), NOW)
    with pytest.raises(SignatureError):
        scheme(signed(scheme, at=SECONDS - 3_700), NOW)


# Secrets that are replaced


@each_scheme
def test_one_secret_of_two_is_enough(scheme: Verification, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the old one is gone from the environment: hooks live longer than secrets."""
    both = msgspec.structs.replace(scheme, secret=("NEW_SECRET", "SECRET"))
    old, new = signed(scheme), signed(scheme, secret=OTHER)
    kept = both(old, NOW)
    monkeypatch.setenv("NEW_SECRET", OTHER)
    assert both(old, NOW) == both(new, NOW) == kept, "the same request, whichever secret signed it"
    monkeypatch.delenv("SECRET")
    assert both(new, NOW) == kept
    with pytest.raises(SignatureError):
        both(old, NOW)


def test_a_request_may_have_several_signatures() -> None:
    for scheme, name, separator in (
        (StandardWebhooks("SECRET"), "webhook-signature", " "),
        (Stripe("SECRET"), "stripe-signature", ","),
    ):
        old, new = signed(scheme), signed(scheme, secret=OTHER)
        other = new.headers[name].split(separator)[-1].rpartition(",")[2]
        first = f"v1,{other}" if separator == " " else other
        assert scheme(changed(old, **{name: old.headers[name] + separator + first}), NOW)


def test_another_version_of_a_signature_is_none() -> None:
    standard, stripe = StandardWebhooks("SECRET"), Stripe("SECRET")
    signature = signed(standard).headers["webhook-signature"]
    older = signed(stripe).headers["stripe-signature"].replace("v1=", "v0=")
    with pytest.raises(SignatureError):
        standard(changed(signed(standard), webhook_signature=signature.replace("v1", "v1a")), NOW)
    with pytest.raises(SignatureError):
        stripe(changed(signed(stripe), stripe_signature=older), NOW)


# What a request stands for


def test_what_is_sent_again_is_the_same() -> None:
    """Senders try again with the same message, and often with another time and signature."""
    event = b'{"id": "evt_7", "object": "event"}'
    for scheme in (StandardWebhooks("SECRET"), Stripe("SECRET")):
        again = signed(scheme, event, at=SECONDS + 60)
        assert scheme(signed(scheme, event), NOW) == scheme(again, NOW)
    github = GitHub("SECRET")
    first, second = (changed(signed(github), x_github_delivery=name) for name in "ab")
    assert github(first, NOW) == github(second, NOW), "the id of a delivery is not signed"


@pytest.mark.parametrize(
    "body", [b"", b"[", b'{"id": 7}', b'{"id": "ch_1"}', b"[" * 9_999, b"\xff"]
)
def test_a_body_without_an_event_stands_for_itself(body: bytes) -> None:
    stripe = Stripe("SECRET")
    assert stripe(signed(stripe, body), NOW).startswith("sha256:")


def test_an_id_has_an_end() -> None:
    content = b"%b.%d.%b" % (b"m" * 256, SECONDS, BODY)
    made = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), content, "sha256")
    signature = "v1," + base64.b64encode(made).decode()
    scheme = StandardWebhooks("SECRET")
    request = changed(signed(scheme), webhook_id="m" * 256, webhook_signature=signature)
    with pytest.raises(SignatureError, match="more than 255 characters"):
        scheme(request, NOW)


# What the program gets wrong


@each_scheme
def test_a_missing_secret_is_the_servers_fault(
    scheme: Verification, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (None, ""):
        monkeypatch.delenv("SECRET") if value is None else monkeypatch.setenv("SECRET", value)
        with pytest.raises(SettingsError, match=r"SECRET .* is not set"):
            scheme(signed(scheme), NOW)


def test_a_spoilt_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = StandardWebhooks("SECRET")
    for value in ("whsec_not base64!", "whsec_", "whsec_\udcff"):
        monkeypatch.setitem(os.environ, "SECRET", value)
        with pytest.raises(SettingsError) as raised:
            scheme(signed(scheme), NOW)
        assert value.removeprefix("whsec_") not in str(raised.value) or value == "whsec_"
        assert "base64 after whsec_" in str(raised.value)


@pytest.mark.parametrize("make", [StandardWebhooks, GitHub, Stripe, Slack])
@pytest.mark.parametrize("secret", [SECRET, "8f742231b10e8888", "", (), ("SECRET", "s3cret")])
def test_a_secret_itself_is_not_taken(make: Any, secret: Any) -> None:
    """It would be recorded with the hook."""
    with pytest.raises(DefinitionError, match="the name of an environment variable") as raised:
        make(secret=secret)
    assert not secret or str(secret) not in str(raised.value)


@pytest.mark.parametrize("tolerance", ["soon", -1, timedelta(minutes=5), None])
def test_a_tolerance_is_a_length_of_time(tolerance: Any) -> None:
    with pytest.raises(InvalidDurationError):
        Slack("SECRET", tolerance=tolerance)


@each_scheme
def test_a_scheme_is_data(scheme: Verification) -> None:
    """It is stored with the hook, without a secret."""
    for one in (scheme, msgspec.structs.replace(scheme, secret=("NEW_SECRET", "SECRET"))):
        stored = msgspec.json.encode(one)
        assert msgspec.json.decode(stored, type=Verification) == one
        assert SECRET.encode() not in stored
