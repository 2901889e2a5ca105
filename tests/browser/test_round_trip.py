"""From a link to a run that goes on: a real server, a real workflow, a real browser."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.http.servers import LIMIT, serving

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """Of the API of a server that has the workflow and its worker."""
    monkeypatch.delenv("OUTLAST_HTTP_TOKENS", raising=False)
    monkeypatch.setenv("OUTLAST_URL", f"sqlite:///{tmp_path}/refunds.db")
    shutil.copyfile(Path(__file__).with_name("refunds.py"), tmp_path / "served.py")
    with serving(tmp_path) as server, httpx.Client(base_url=server.url, timeout=LIMIT) as client:
        yield client


def started(client: httpx.Client) -> tuple[str, str]:
    """A run that asks, and the link that a person is sent."""
    run_id = client.post("/runs", json={"workflow": "refund"}).raise_for_status().json()["id"]
    hooks = until(lambda: client.get(f"/hooks?run={run_id}").json()["hooks"])
    origin = client.base_url.copy_with(path="/")
    return run_id, f"{origin}.well-known/workflow/v1/webhook/{hooks[0]['token']}"


def result(client: httpx.Client, run_id: str) -> object:
    """What the run ended with."""
    until(lambda: client.get(f"/runs/{run_id}").json()["status"] == "completed")
    events = client.get(f"/runs/{run_id}/events").json()["events"]
    return events[-1]["data"]["result"]


def received(client: httpx.Client, run_id: str) -> int:
    """How many payloads the log of the run has."""
    events = client.get(f"/runs/{run_id}/events").json()["events"]
    return sum(one["kind"] == "hook_received" for one in events)


def until(ask: Any) -> Any:
    """What another process says, as soon as it says anything."""
    end = time.monotonic() + LIMIT
    pause = 0.01
    while not (found := ask()):
        assert time.monotonic() < end
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)  # each question keeps the other process from its work
    return found


def test_a_person_approves(client: httpx.Client, open_page: OpenPage) -> None:
    run_id, link = started(client)
    page = open_page()
    page.goto(link)
    page.reload()
    assert client.head(link).status_code == client.get(link).status_code == 200
    assert received(client, run_id) == 0, "who only looks resumes nothing"
    expect(page.get_by_text("<b>Ada</b> Lovelace")).to_be_visible()
    expect(page.get_by_text(run_id)).to_be_visible()

    page.get_by_label("Reason").fill("Broken")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading")).to_have_text("Your answer is recorded")
    expect(page.get_by_role("definition")).to_have_text(["Approve", "Broken"])
    assert result(client, run_id) == "refunded"

    page.goto(link)
    expect(page.get_by_role("heading")).to_have_text("This request is closed")
    page.goto(link[:-1])
    expect(page.get_by_role("heading")).to_have_text("There is nothing here")


def test_what_does_not_fit_is_said_and_resumes_nothing(
    client: httpx.Client, open_page: OpenPage
) -> None:
    run_id, link = started(client)
    page = open_page()
    page.goto(link)
    page.get_by_label("Reason").fill("We never\npay.")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("alert")).to_contain_text("Reason: Be kind to the customer")
    expect(page.get_by_label("Reason")).to_have_value("We never\npay.")
    assert received(client, run_id) == 0
    page.get_by_label("Reason").fill("The parcel was whole.")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("definition")).to_have_text(["Decline", "The parcel was whole."])
    assert result(client, run_id) == "declined: The parcel was whole."


def test_a_form_of_another_site_resumes_nothing(client: httpx.Client, open_page: OpenPage) -> None:
    run_id, link = started(client)
    page = open_page()
    forged = f"""<form method=post action="{link}"><input name=payload/approved value=true>
        <input name=csrf value=guess.guess><button>Win a prize</button></form>"""
    page.route("http://evil.example/", lambda route: route.fulfill(body=forged, headers=FORM_PAGE))
    page.goto("http://evil.example/")
    with page.expect_response(link) as answered:
        page.get_by_role("button").click()
    assert answered.value.status == 403
    assert client.post(link, content="payload/approved=true", headers=FORM).status_code == 403
    assert received(client, run_id) == 0


FORM_PAGE = {"Content-Type": "text/html"}
