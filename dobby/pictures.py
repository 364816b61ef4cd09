"""Pictures: kept for some days in the workspace, lent to the outside by a signed link that lives for minutes."""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

LENT_FOR = timedelta(minutes=15)
NAME = re.compile(r"[0-9a-f]{32}\.(?:jpg|png|webp)")
CLIP = re.compile(r"[0-9a-f]{12}\.mkv")


class Pictures:
    """The pictures folder of a workspace; clips of events lie in clips/ in it."""

    def __init__(self, folder: Path, now: Callable[[], datetime], base: str, key: bytes) -> None:
        """base: the address of the webhook listener as the outside reaches it; key: signs the links."""
        self._folder, self._now, self._base, self._key = folder, now, base.rstrip("/"), key

    @property
    def clips(self) -> Path:
        """The folder of clips."""
        return self._folder / "clips"

    def keep(self, data: bytes, kind: str = "jpg") -> str:
        """Keep a picture (blocking: call it in a thread); its name, which nobody can guess."""
        self.make()
        name = f"{secrets.token_hex(16)}.{kind}"
        with os.fdopen(os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        at = self._now().timestamp()  # by the house's clock, which may be a test's
        os.utime(self._folder / name, (at, at))
        return name

    def make(self) -> None:
        """Make the folders, for the owner's eyes alone (blocking)."""
        for folder in (self._folder, self.clips):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)

    def all(self) -> list[tuple[str, int, datetime]]:
        """Every picture and clip (blocking): its name, its bytes, and when it was made."""
        found = []
        for path in [*self._folder.glob("*.*"), *self.clips.glob("*.mkv")]:
            with contextlib.suppress(FileNotFoundError):  # dropped meanwhile
                facts = path.stat()
                found.append((path.name, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC)))
        return [one for one in found if NAME.fullmatch(one[0]) or CLIP.fullmatch(one[0])]

    def read(self, name: str) -> bytes:
        """A kept picture (blocking); b"" when it is gone."""
        path = self.path(name)
        return path.read_bytes() if path is not None else b""

    def path(self, name: str) -> Path | None:
        """The file of a picture or a clip, None when there is none of that name."""
        folder = self._folder if NAME.fullmatch(name) else self.clips if CLIP.fullmatch(name) else None
        path = folder / name if folder is not None else None
        return path if path is not None and path.is_file() else None

    def drop(self, name: str) -> None:
        """Remove a picture or a clip (blocking)."""
        path = self.path(name)
        if path is not None:
            path.unlink(missing_ok=True)

    def lend(self, name: str) -> str:
        """A link to a picture that works for a quarter of an hour."""
        until = str(int((self._now() + LENT_FOR).timestamp()))
        return f"{self._base}/pictures/{name}?until={until}&sig={self._sign(name, until)}"

    def lent(self, name: str, until: str, sig: str) -> Path | None:
        """The file behind a link, None when the link is wrong or its time over."""
        fits = (NAME.fullmatch(name) and until.isdecimal() and len(until) < 12
                and hmac.compare_digest(sig.encode(), self._sign(name, until).encode()))
        if not fits or int(until) < self._now().timestamp():
            return None
        return self.path(name)

    def _sign(self, name: str, until: str) -> str:
        return hmac.new(self._key, f"{name} {until}".encode(), "sha256").hexdigest()
