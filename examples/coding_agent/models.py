"""Which models answer: any of Pydantic AI by its name, a script, or the small one that needs no key."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model

from examples.coding_agent.scripted import scripted_model
from examples.coding_agent.small_model import SMALL

CODE: Final = "CODING_AGENT_MODEL"
TALK: Final = "CODING_AGENT_TALK_MODEL"
SCRIPTED: Final = "scripted"
SMALL_NAME: Final = "small"


class ModelUnusableError(Exception):
    """A model that was asked for by name cannot be used."""

    def __init__(self, variable: str, name: str, reason: str) -> None:
        super().__init__(variable, name, reason)
        self.variable, self.name, self.reason = variable, name, reason

    def __str__(self) -> str:
        return (
            f"the model {self.name!r}, from {self.variable}, cannot be used. {self.reason}\n"
            f"It is a name that Pydantic AI knows, such as openai:gpt-5 or anthropic:claude-sonnet-4-5; "
            f"without {self.variable} no key is needed."
        )


@dataclass(frozen=True)
class Choice:
    """A model, and what to tell of it."""

    model: Model
    name: str
    label: str
    scripted: bool = False

    def described(self) -> dict[str, object]:
        """For the page."""
        return {"model": self.name, "label": self.label, "scripted": self.scripted}


def choose_code(environment: Mapping[str, str] = os.environ) -> Choice:
    """The model that uses tools. Raises `ModelUnusableError`."""
    name = environment.get(CODE) or SCRIPTED
    if name == SCRIPTED:
        return Choice(scripted_model(), SCRIPTED, "a script, not a language model", scripted=True)
    if name == SMALL_NAME:
        reason = "It is too small to use tools; it does the plain chat."
        raise ModelUnusableError(CODE, name, reason)
    return Choice(_named(CODE, name), name, name)


def choose_talk(environment: Mapping[str, str] = os.environ) -> Choice:
    """The model of the plain chat. Raises `ModelUnusableError`."""
    name = environment.get(TALK) or SMALL_NAME
    if name == SMALL_NAME:
        return Choice(SMALL.model, SMALL.name, f"{SMALL.name}, on this machine")
    return Choice(_named(TALK, name), name, name)


def _named(variable: str, name: str) -> Model:
    try:
        return infer_model(name)
    except (UserError, ImportError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelUnusableError(variable, name, reason) from error
