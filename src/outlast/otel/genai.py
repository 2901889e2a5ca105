"""What the steps of agents are to OpenTelemetry's conventions for generative AI."""

import re
from typing import Final

from outlast.otel import names

_OPERATION: Final = re.compile(
    r"(?P<agent>.+?)__(?:model\.request\w*|\S*\.call_tool:(?P<tool>.+))", re.DOTALL
)


def gen_ai_attributes(step: str) -> dict[str, str]:
    """The attributes for the step of that name; none for a step that is no agent's.

    Steps of agents are called `weather__model.request` and `weather__toolset__maps.call_tool:locate`.
    """
    found = _OPERATION.fullmatch(step)
    if found is None:
        return {}
    agent, tool = found["agent"], found["tool"]
    attributes = {names.GEN_AI_OPERATION: "execute_tool" if tool else "chat"}
    attributes[names.GEN_AI_AGENT] = agent
    if tool:
        attributes[names.GEN_AI_TOOL] = tool
    return attributes
