"""A workflow that asks a person, for a server in a process of its own."""

from pydantic import BaseModel, Field, field_validator

from outlast import webhook, workflow


class Refund(BaseModel):
    """The customer says that the parcel came broken."""

    approved: bool
    reason: str = Field("", description="The customer will read this.", max_length=2_000)

    @field_validator("reason")
    @classmethod
    def _is_polite(cls, reason: str) -> str:
        """No JSON Schema can tell of this."""
        if "never" in reason:
            raise ValueError("be kind to the customer")
        return reason


@workflow
async def refund() -> str:
    """Refund an order, if somebody approves."""
    metadata = {"customer": "<b>Ada</b> Lovelace", "amount": "149.90 €"}
    answer = await webhook(Refund, methods=("GET", "POST"), metadata=metadata)
    return "refunded" if answer.approved else f"declined: {answer.reason}"
