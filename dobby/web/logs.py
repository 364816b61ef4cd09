"""The last lines of the log, for the page: kept in memory, without secrets."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

LINES = 400
LINE = 600  # characters


@contextmanager
def listening_in(handler: logging.Handler) -> Iterator[None]:
    """The root logger speaks to a handler while the block runs."""
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


class Lately(logging.Handler):
    """A handler that keeps what was logged last. secrets: words that are never shown."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(logging.INFO)
        self._secrets = [one for one in secrets if len(one) > 3]
        self.lines: deque[dict[str, str]] = deque(maxlen=LINES)
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        try:
            text = self.format(record)
        except Exception:  # a record that cannot be written out must not break who logged it
            return
        for secret in self._secrets:
            text = text.replace(secret, "***")
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        self.lines.append({"at": at, "level": record.levelname, "where": record.name, "text": text[-LINE:]})
