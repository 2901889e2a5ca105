"""The rows of the bare tables."""

from typing import Final

RUN_ID: Final = "run_01k9x5cq9q6v3m8y2t4w7r0d1e"
AT: Final = 1795397131909902
KIND: Final = "step_completed"
DATA: Final = '{"kind":"step_completed","id":"work#1","name":"work","digest":"3abf9f66af5e19ba","attempt":1,"started_at":1795397131909902,"result":{"n":1,"ok":true},"line":"flow.py:16"}'
"""A usual event, of the usual size."""
