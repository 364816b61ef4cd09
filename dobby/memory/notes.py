"""Facts in Markdown files, one a line, each with its origin in a comment that readers of the page do not see:

    - Hates bright light in the study. <!-- f7k2q1 said by Greg, owner, 2026-11-22 18:04, message 123 -->

A line without such a comment was written by hand and is the owner's. What was replaced stays, struck through, and is
never ranked above what replaced it. A person may change, move or delete any line; nothing that a program writes later
loses it, for every change reads the file again first.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from dobby.errors import DobbyError

Role = Literal["owner", "member", "guest", "agent", "stranger", "hand"]
ROLES: tuple[Role, ...] = ("owner", "member", "guest", "agent", "stranger", "hand")
TRUSTED = frozenset({"owner", "member", "hand"})
AGENT, SOMEBODY = "Dobby", "somebody"  # who took a remark down; who said it, once nothing of theirs is to be left
TRIES = 5  # to write a file that a person saves at the same moments
LINE_LIMIT, FILE_LIMIT = 600, 512 * 1024  # letters of one fact, bytes of one file
HEADS = {"home": "# The home\n", "people": "# {name}\n", "rooms": "# {name}\n"}

_FACT = re.compile(r"^\s*[-*]\s+(?P<text>.*?)\s*(?P<comments>(?:<!--.*?-->\s*)*)$")
_BROKEN = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8, as surrogateescape reads them
_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->")
_OURS = re.compile(r"[a-z0-9]{6} said by ")
_ORIGIN = re.compile(r"(?P<id>[a-z0-9]{6}) said by (?P<who>[^,]{0,60}), (?P<role>\w+), (?P<at>[\d\-: ]{16}|)"
                     r"(?:, message (?P<message>\d+))?"
                     r"(?:; until (?P<until>[\d\-: ]{16})(?:, for (?P<by>[a-z0-9]{6}))?)?")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said it, as what, when (home's time), in which message (0 = in none). Set by code, never by a model."""

    who: str
    role: Role
    at: str  # "2026-11-22 18:04"
    message: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """One line. subject: "home", "people/anna" or "rooms/study"; until: when it was replaced, "" while it holds; by:
    the fact that replaced it."""

    id: str
    subject: str
    text: str
    origin: Origin
    until: str = ""
    by: str = ""
    line: int = 0

    @property
    def trusted(self) -> bool:
        """Whether somebody of the house said it."""
        return self.origin.role in TRUSTED

    def written(self) -> str:
        """The line in its file."""
        text = f"~~{self.text}~~" if self.until else self.text
        if self.origin.role == "hand" and not self.until:
            return f"- {text}"
        o = self.origin
        message = f", message {o.message}" if o.message else ""
        until = f"; until {self.until}" + (f", for {self.by}" if self.by else "") if self.until else ""
        return f"- {text} <!-- {self.id} said by {o.who}, {o.role}, {o.at}{message}{until} -->"


@dataclass(slots=True)
class Notes:
    """The memory folder. All methods block on files: call them in a thread, one at a time."""

    folder: Path
    facts: dict[str, Fact] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def load(self) -> None:
        """Read all files anew. A broken one is a problem with its line; the others hold."""
        self.facts, self.problems = {}, []
        self.problems += [f"{path}: is a folder, not a file of facts; move it elsewhere."
                          for path in sorted(self._named()) if path.is_dir()]
        for path in self._paths():
            try:
                for fact in self._read(path):
                    self.facts[fact.id] = fact
            except DobbyError as wrong:
                self.problems.append(wrong.text)

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._named() if path.is_file())

    def _named(self) -> list[Path]:
        return [self.folder / "home.md", *self.folder.glob("people/*.md"), *self.folder.glob("rooms/*.md")]

    def stamps(self) -> dict[str, float]:
        """When each file was changed last, to notice what people do by hand."""
        return {str(path): path.stat().st_mtime for path in (*self._paths(), *self.folder.glob("journal/*.md"))
                if path.exists()}

    def _read(self, path: Path) -> list[Fact]:
        subject = str(path.relative_to(self.folder).with_suffix(""))
        try:
            if path.stat().st_size > FILE_LIMIT:
                raise DobbyError(f"{path}: larger than {FILE_LIMIT // 1024} KiB; move some of it elsewhere.")
            text = path.read_text("utf-8", errors="surrogateescape")
        except OSError as wrong:
            raise DobbyError(f"{path}: {wrong.strerror}.") from None
        found: list[Fact] = []
        for number, line in enumerate(text.splitlines(), 1):
            if _BROKEN.search(line):
                self.problems.append(f"{path}:{number}: is not UTF-8 text; it is not remembered. Save it as UTF-8.")
                continue
            match = _FACT.match(line)
            if match is None or not match["text"]:
                continue
            origin, _ = _comments(match["comments"])
            if len(match["text"]) > LINE_LIMIT:
                self.problems.append(f"{path}:{number}: longer than {LINE_LIMIT} letters; it is not remembered. "
                                     "Make two lines of it.")
                continue
            fact = read_line(match["text"], origin, subject, number)
            while fact.id in {one.id for one in found}:  # the same line twice by hand
                fact = replace(fact, id=hashlib.sha256(f"{fact.id}{number}".encode()).hexdigest()[:6])
            found.append(fact)
        return found

    # --- changing -----------------------------------------------------------------------------------------------------

    def add(self, subject: str, text: str, origin: Origin, replaces: Sequence[str] = ()) -> Fact:
        """Write a fact down; it is on the disk when this returns. replaces: ids of older facts that it retires."""
        text = " ".join(text.split())
        if not text or len(text) > LINE_LIMIT or "<!--" in text or "-->" in text:
            raise DobbyError(f"A fact is a line of {LINE_LIMIT} letters at most.", "Say it shorter.")
        last = max((one.line for one in self.facts.values() if one.subject == subject), default=0)
        fact = Fact(new_id(), subject, text, origin, line=last + 1)
        self._change(subject, [fact], {})
        for id_ in replaces:
            self.retire(id_, origin.at, fact.id)
        self.facts[fact.id] = fact
        return fact

    def retire(self, id_: str, at: str, by: str = "") -> bool:
        """A fact no longer holds; it stays, struck through. Whether it was there."""
        fact = self.facts.get(id_)
        if fact is None:
            return False
        old = replace(fact, until=at, by=by)
        self._change(fact.subject, [], {id_: old})
        self.facts[id_] = old
        return True

    def restore(self, id_: str) -> bool:
        """A retired fact holds again."""
        fact = self.facts.get(id_)
        if fact is None:
            return False
        self._change(fact.subject, [], {id_: replace(fact, until="", by="")})
        self.facts[id_] = replace(fact, until="", by="")
        return True

    def drop(self, ids: Iterable[str]) -> int:
        """Remove facts without a trace; how many there were."""
        gone = [self.facts.pop(id_) for id_ in list(ids) if id_ in self.facts]
        for subject in {fact.subject for fact in gone}:
            self._change(subject, [], {fact.id: None for fact in gone if fact.subject == subject})
        return len(gone)

    def _change(self, subject: str, added: Sequence[Fact], changed: dict[str, Fact | None]) -> None:
        """Rewrite one file: its lines as they are on the disk now, with some changed, dropped or added."""
        path = self.folder / f"{subject}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        for last in (False,) * TRIES + (True,):  # a person may save the file meanwhile: then their lines are read anew
            stamp = _stamp(path)
            text = self._changed(subject, path, added, changed)
            if write(path, text, unless=lambda stamp=stamp, last=last: not last and _stamp(path) != stamp):  # type: ignore[misc]  # defaults bind them
                return

    def _changed(self, subject: str, path: Path, added: Sequence[Fact], changed: dict[str, Fact | None]) -> str:
        """The text of a file with some of its facts changed, dropped or added."""
        folder, _, name = subject.rpartition("/")
        old = path.read_text("utf-8", errors="surrogateescape") if path.exists() else HEADS[folder or "home"].format(
            name=name.replace("-", " ").title()) + "\n"
        kept: list[str] = []
        seen: set[str] = set()
        for number, line in enumerate(old.splitlines(), 1):
            match = _FACT.match(line)
            if match is not None and match["text"]:
                origin, own = _comments(match["comments"])
                id_ = read_line(match["text"], origin, subject, number).id
                if id_ in changed and id_ not in seen:
                    seen.add(id_)
                    if (new := changed[id_]) is not None:
                        kept.append(" ".join((new.written(), *own)))
                    continue
            kept.append(line)
        kept += [fact.written() for fact in added]
        return "\n".join(kept).rstrip("\n") + "\n"


def _comments(text: str) -> tuple[str, list[str]]:
    """Of the comments behind a fact its origin, and those that a person wrote, as they stand."""
    found = [(one[0], one[1]) for one in _COMMENT.finditer(text)]
    origin = next((said for _, said in found if _ORIGIN.fullmatch(said)), "")
    return origin, [whole for whole, said in found if not _OURS.match(said)]


def said_in(line: str) -> str:
    """All that people wrote in a line of a file: without the comment that is ours."""
    return _COMMENT.sub(lambda found: "" if _OURS.match(found[1]) else found[0], line)


def unnamed(line: str, who: str) -> str:
    """A line of a file without the name of the one who said it, where that is this one."""
    ours = re.compile(rf"(<!--\s*[a-z0-9]{{6}} said by ){re.escape(who)}(?=, )", re.IGNORECASE)
    return ours.sub(rf"\g<1>{SOMEBODY}", line)


def read_line(text: str, origin: str, subject: str, number: int) -> Fact:
    """A fact out of a line; one whose comment is not ours any more is a person's own."""
    struck = re.fullmatch(r"~~(.*)~~", text)
    plain = struck[1].strip() if struck else text
    said = _ORIGIN.fullmatch(origin)
    if said is None or said["role"] not in ROLES:
        id_ = hashlib.sha256(f"{subject}\n{plain}".encode("utf-8", "surrogateescape")).hexdigest()[:6]
        return Fact(id_, subject, plain, Origin("", "hand", ""), until="by hand" if struck else "", line=number)
    role: Role = next(one for one in ROLES if one == said["role"])
    return Fact(said["id"], subject, plain, Origin(said["who"], role, said["at"], int(said["message"] or 0)),
                until=(said["until"] or "by hand") if struck else "", by=(said["by"] or "") if struck else "",
                line=number)


def new_id() -> str:
    """Six letters and digits."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(6))


def slug(name: str) -> str:
    """A name as a file is called."""
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-")[:60] or "someone"


def moment(at: datetime) -> str:
    """A time as origins write it."""
    return at.strftime("%Y-%m-%d %H:%M")


def _stamp(path: Path) -> tuple[int, int, int]:
    """What a file is, by which its next writing is noticed."""
    found = path.stat() if path.exists() else None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else (0, 0, 0)


def write(path: Path, text: str, unless: Callable[[], bool] = lambda: False) -> bool:
    """The whole file at once, on the disk when this returns: never half of it, whatever happens. unless: asked when all
    but the last step is done; whether the file was written."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o600)
        if unless():
            Path(temporary).unlink()
            return False
        os.replace(temporary, path)
    except BaseException:  # cancelled or failed, the half-written file must not stay
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return True
