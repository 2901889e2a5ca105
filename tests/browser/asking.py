"""A site of one page, which asks: served to a browser without a socket."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from playwright.sync_api import Page, Route
from pydantic import BaseModel, Field, TypeAdapter

from outlast._webhooks.page import CSRF, HEADERS, About, confirmation, recorded
from outlast._webhooks.submitting import payload_of

URL = "http://asking.example/one"
ABOUT = About(
    run_id="run_01hx3k9r8q2m",
    workflow="shop.flows.refund_order",
    metadata={
        "customer": "Ada Lovelace",
        "amount": "149.90 €",
        "order": "https://shop.example/orders/A-1047",
        "items": ["Teapot, blue", "Two cups"],
        "address": {"street": "Hill Road 7", "city": "London"},
    },
)

Approval = Annotated[bool, Field(title="Refund 149.90 € to Ada Lovelace?")]


class Refund(BaseModel):
    """The customer says that the parcel came broken."""

    approved: bool
    reason: str = Field("", description="The customer will read this.")
    booked_as: str = ""


class Address(BaseModel):
    street: str = Field(min_length=2)
    city: str


class Order(BaseModel):
    """Everything that a form can ask for."""

    name: str = Field(description="As it stands in the contract.", max_length=40)
    amount: Decimal = Decimal("3.50")
    pieces: int = Field(3, ge=1, lt=10)
    shipping: Literal["express", "standard"]
    color: Literal["red", "green", "blue", "black", "white", "pink", "grey"] = "red"
    day: date | None = None
    at: datetime
    notify: bool = True
    is_gift: bool
    parcel: Address
    billing: Address | None = None
    tags: list[str] = []
    proofs: list[Literal["photos", "invoice"]] = []
    limits: dict[str, int] = {}


class Asking:
    """What asks, and what it has been told."""

    def __init__(self, schema: Any, about: About = ABOUT) -> None:
        self.schema: dict[str, Any] | None = (
            None if schema is None else TypeAdapter(schema).json_schema()
        )
        self.about = about
        self.payloads: list[Any] = []
        self.requests: list[str] = []

    def shown_in(self, page: Page) -> Page:
        """Open it in a browser."""
        page.route("**/*", self._answer)
        page.goto(URL)
        return page

    def _answer(self, route: Route) -> None:
        request = route.request
        self.requests.append(f"{request.method} {request.url}")
        if request.method == "GET":
            html, status = confirmation(self.schema, self.about, "proof"), 200
        else:
            html, status = self._take(parse_qs(request.post_data or "", keep_blank_values=True))
        route.fulfill(status=status, headers=dict(HEADERS), body=html)

    def _take(self, form: dict[str, list[str]]) -> tuple[str, int]:
        assert form.pop(CSRF) == ["proof"]
        submitted = payload_of(form, self.schema)
        if submitted.problems:
            html = confirmation(self.schema, self.about, "proof", form, submitted.problems)
            return html, 422
        self.payloads.append(submitted.payload)
        return recorded(self.about, submitted.payload, self.schema), 200
