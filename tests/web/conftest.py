"""Nothing is collected here without the extra `outlast[http]`."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("starlette") else ["*test_*.py"]
