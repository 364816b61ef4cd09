"""The journal: a page a day of what was said and done, in lines that a person can read, edit and delete."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dobby.memory.recall import Entry

LINE_LIMIT = 400
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LINE = re.compile(r"^[-*]\s+(?P<time>\d{2}:\d{2})\s+(?P<text>.+?)\s*$")


@dataclass(slots=True)
class Journal:
    """The journal's folder. Methods block on files."""

    folder: Path
    read: dict[Path, float] = field(default_factory=dict)  # pages as last read: when they were changed

    def add(self, at: datetime, text: str) -> None:
        """A line on the page of its day (home's time)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{at:%Y-%m-%d}.md"
        new = not path.exists()
        with path.open("a", encoding="utf-8") as file:
            if new:
                file.write(f"# {at:%A, %d %B %Y}\n\n")
            file.write(f"- {at:%H:%M} {' '.join(text.split())[:LINE_LIMIT]}\n")
        if new:
            os.chmod(path, 0o600)

    def pages(self) -> list[Path]:
        """All pages, oldest first."""
        return sorted(path for path in self.folder.glob("*.md") if DAY.fullmatch(path.stem))

    def changed(self) -> list[Path]:
        """Pages that were changed since this was last asked."""
        now = {path: path.stat().st_mtime for path in self.pages()}
        changed = [path for path, at in now.items() if self.read.get(path) != at]
        self.read = now
        return changed

    def entries(self, path: Path) -> list[Entry]:
        """A page as entries of the index."""
        try:
            lines = path.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return []
        found = []
        for number, line in enumerate(lines, 1):
            said = _LINE.match(line)
            if said:
                found.append(Entry(f"journal:{path.stem}:{number}", "journal", "", f"{path.stem} {said['time']}",
                                   said["text"], place=number))
        return found
