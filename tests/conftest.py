"""What all tests share: how hard Hypothesis tries, and the tally of what the laws have covered."""

import gc
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import Postgres, postgres_for_tests

# What is imported stays: the collector need not look at it, neither now nor again and again later.
gc.disable()

# Programs that a shell starts in the background ignore Ctrl-C, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test goes over TLS. The authorities that a machine trusts take each client of HTTP 60 ms to read, one takes 1 ms.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("nobody.pem"))

settings.register_profile("test", max_examples=50, deadline=None, print_blob=True)
settings.register_profile("laws", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server; the processes of pytest-xdist share it."""
    folder = tmp_path_factory.getbasetemp()
    shared = "PYTEST_XDIST_WORKER" in os.environ
    with postgres_for_tests(folder.parent if shared else folder) as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a folder together, folders and tests in random order: fewer of the processes then import
    what only they need, read all of the code, or start a browser."""
    places: dict[str, int] = {}
    for item in items:
        places.setdefault(_folder(item), len(places))
    items.sort(key=lambda item: places[_folder(item)])


def _folder(item: pytest.Item) -> str:
    return "/".join(item.nodeid.split("/")[:2])


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many crash points, stalls and stops were tried: `record_property` of the tests."""
    covered: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            covered[name] += int(value)
    for name, number in sorted(covered.items()):
        terminalreporter.write_line(f"covered: {number:,} {name}")
