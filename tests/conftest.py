"""Shared by all tests: asyncio as the only loop, and nothing may block it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

ALL = bool(os.environ.get("DOBBY_TEST_ALL"))
ALLOWED_SKIPS = Path(__file__).parent / "allowed_skips.txt"


@pytest.fixture
def anyio_backend() -> str:
    """Every async test runs on asyncio."""
    return "asyncio"


@pytest.fixture(autouse=True)
def nothing_blocks() -> Iterator[BlockBuster]:
    """A blocking call of ours inside the event loop fails the test."""
    with blockbuster_ctx("dobby") as guard:
        yield guard


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The full matrices run with scripts/test --all only."""
    for item in items:
        if not ALL and item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="full matrix: scripts/test --all"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI a skip that tests/allowed_skips.txt does not list is a failure."""
    if not os.environ.get("CI"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    allowed = [line for line in ALLOWED_SKIPS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    reasons = [report.longrepr[2] for report in (reporter.stats.get("skipped", []) if reporter else [])
               if isinstance(report.longrepr, tuple)]
    unlisted = [reason for reason in reasons if not any(one in reason for one in allowed)]
    if unlisted:
        print(f"\nSkips that tests/allowed_skips.txt does not list: {sorted(set(unlisted))}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
