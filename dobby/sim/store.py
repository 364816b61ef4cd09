"""What a home remembers between two runs: one JSON file, written shortly after a change and at the end."""

import asyncio
import contextlib
import json
import os
from pathlib import Path
from typing import Any

WRITE_AFTER = 0.2


class Store:
    """Named sections of plain JSON in `state.json` of a folder; a section belongs to one device or service."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._file = folder / "state.json"
        self._sections: dict[str, Any] = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._due: asyncio.TimerHandle | None = None

    def get(self, section: str, default: Any = None) -> Any:
        """A section as it was last put."""
        return self._sections.get(section, default)

    def put(self, section: str, value: Any) -> None:
        """Replace a section; the file follows within WRITE_AFTER seconds."""
        self._sections[section] = value
        if self._due is None:
            with contextlib.suppress(RuntimeError):
                self._due = asyncio.get_running_loop().call_later(WRITE_AFTER, self.flush)

    def flush(self) -> None:
        """Write the file now, whole or not at all."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(self._sections, indent=1))
        os.replace(draft, self._file)
