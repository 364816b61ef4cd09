"""Dobby's sense of time: one place that knows now, so that a test or the demo can turn the hands itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dobby.errors import DobbyError


class Clock:
    """Aware UTC time. A manual clock starts at the real time and moves only when told."""

    def __init__(self, *, manual: bool = False) -> None:
        self.manual = manual
        self._at = datetime.now(UTC)

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return self._at if self.manual else datetime.now(UTC)

    def advance(self, seconds: float) -> datetime:
        """Move a manual clock on (never back)."""
        return self.set(self.now() + timedelta(seconds=seconds))

    def set(self, at: datetime) -> datetime:
        """Put a manual clock to a later moment."""
        if not self.manual:
            raise DobbyError("This clock runs by itself.", "Start with --clock manual to set it.")
        if at.tzinfo is None or at < self._at:
            raise DobbyError("A clock can only be put forward, to a time with its zone.")
        self._at = at.astimezone(UTC)
        return self._at
