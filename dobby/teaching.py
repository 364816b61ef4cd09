"""Skills that people teach: what was understood is held until they say yes, then it is written into the skill's own
file, so that a person can read, edit and delete it like those that came with the house."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import yaml

from dobby.home.device import Command, Fault, Outcome, View
from dobby.home.traits import Value
from dobby.skills import Skill, fault_of, one_phrase_each, risky
from dobby.store import Store, mentions

HELD = 20
ACCEPTED = "skills accepted"  # the fact: names of those that the house knows
MADE = "Taught in chat. Everything in this file may be changed by hand."


@dataclass(frozen=True, slots=True)
class Draft:
    """One change to the skills: a new one, other steps instead of its own, a step more, a thing left out, one that
    goes, one from elsewhere that may run, or another name. steps: as the file has them; excepted: left out of whatever
    the steps are; phrase: of a new one, or the one that a renamed one has instead of `before`; name: what a renamed
    one's folder is called from then on, "" = as it was."""

    change: Literal["new", "instead", "also", "except", "drop", "accept", "rename"]
    skill: str
    phrase: str = ""
    language: str = "en"
    steps: tuple[dict[str, Any], ...] = ()
    excepted: str = ""
    before: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The last change that was kept: each file's text before it and after it, None = there was none."""

    draft: Draft
    before: dict[Path, bytes | None]
    after: dict[Path, bytes | None]


@dataclass(slots=True)
class Teaching:
    """What was understood and waits for a yes. reread: makes the house read its skills anew; renamed: tells what is
    planned that a skill is called otherwise."""

    folder: Path
    store: Store
    reread: Callable[[], Awaitable[None]]
    renamed: Callable[[str, str], Awaitable[None]] | None = None
    _held: dict[str, Draft] = field(default_factory=dict)
    _kept: dict[str, Kept] = field(default_factory=dict)  # by token: what "undo" takes back

    def hold(self, draft: Draft, who: str) -> str:
        """Keep a draft of somebody; the token that a yes brings back. A newer one of theirs replaces the older."""
        token = f"skill:{re.sub(r'[^a-z0-9]', '-', who.casefold())}"
        self._held = {**{key: one for key, one in list(self._held.items())[-HELD:] if key != token}, token: draft}
        return token

    def held(self, token: str) -> Draft | None:
        """What a yes to this token would keep."""
        return self._held.get(token)

    async def strange(self, skills: Sequence[Skill]) -> frozenset[str]:
        """The skills that came as a file from elsewhere, hold what is risky, and wait for the owner's yes. What is
        there when a house is opened for the first time is its own."""
        accepted = await self.store.fact(ACCEPTED)
        if accepted is None:
            await self.store.set_fact(ACCEPTED, [one.name for one in skills])
            return frozenset()
        return frozenset(one.name for one in skills if one.name not in accepted and risky(one))

    async def sorted_out(self, skills: Sequence[Skill]) -> tuple[list[Skill], list[str]]:
        """The skills with each phrase in one of them only, those that the house knows first; what was left out."""
        return one_phrase_each(skills, await self.store.fact(ACCEPTED, []))

    async def naming(self, words: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The skills whose files hold these words: those that were taught here, and the others."""
        def look() -> tuple[tuple[str, ...], tuple[str, ...]]:
            found: tuple[list[str], list[str]] = [], []
            for path in sorted(self.folder.glob("*/SKILL.md")):
                text = path.read_text("utf-8", errors="replace")
                if mentions(f"{path.parent.name.replace('-', ' ')}\n{text}", words):
                    found[0 if MADE in text else 1].append(path.parent.name)
            return tuple(found[0]), tuple(found[1])
        return await asyncio.to_thread(look)

    async def drop_named(self, names: Sequence[str]) -> None:
        """Remove skills that were taught here; those that came with the house stay."""
        for name in names:
            path = self.folder / name / "SKILL.md"
            if await asyncio.to_thread(lambda path=path: path.exists() and MADE in path.read_text("utf-8", "replace")):  # type: ignore[misc]  # a default binds it
                await asyncio.to_thread(shutil.rmtree, path.parent)
        await self._accepted(names, now=False)
        await self.reread()

    async def _accepted(self, names: Sequence[str], *, now: bool) -> None:
        """These skills are known here from now on, or no longer."""
        others = [one for one in await self.store.fact(ACCEPTED, []) if one not in names]
        await self.store.set_fact(ACCEPTED, [*others, *names] if now else others)

    async def keep(self, command: Command) -> Outcome:
        """The command `teach`: write what was understood."""
        draft = self._held.pop(command.device, None)
        if draft is None:
            return _failed(command, "I no longer know what it was; teach me again.")
        paths = [self.folder / name / "SKILL.md" for name in dict.fromkeys((draft.skill, draft.name)) if name]
        try:
            before = await asyncio.to_thread(_texts, paths)
            await asyncio.to_thread(write, self.folder, draft)
        except (OSError, ValueError) as wrong:
            return _failed(command, f"The skill's file could not be written: {wrong}")
        self._kept[command.device] = Kept(draft, before, await asyncio.to_thread(_texts, paths))
        await self._settle(draft.skill, draft.name, gone=draft.change == "drop")
        return Outcome(command, "confirmed", draft.skill, datetime.now(UTC))

    async def _settle(self, name: str, new: str, *, gone: bool) -> None:
        """What is known of a skill after its change: that it is ours, or gone, or called otherwise."""
        await self._accepted((name,), now=not gone and not new)
        if new:
            await self._accepted((new,), now=True)
            if self.renamed is not None:
                await self.renamed(name, new)
        await self.reread()

    async def undo(self, token: str) -> Draft | None:
        """Take back the change that was kept last under this token; None where nobody knows it any more, or somebody
        has changed the file since."""
        kept = self._kept.pop(token, None)
        if kept is None or await asyncio.to_thread(_texts, list(kept.after)) != kept.after:
            return None
        draft = kept.draft
        if draft.name:  # the folder with all that lies in it
            await asyncio.to_thread((self.folder / draft.name).rename, self.folder / draft.skill)
        await asyncio.to_thread(_put_back, kept.before)
        if draft.name:
            await self._settle(draft.name, draft.skill, gone=True)
        else:
            await self._settle(draft.skill, "", gone=draft.change in ("new", "accept"))
        return draft


def _texts(paths: Sequence[Path]) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.exists() else None for path in paths}


def _put_back(texts: dict[Path, bytes | None]) -> None:
    for path, text in texts.items():
        if text is None:
            if path.parent.exists():
                shutil.rmtree(path.parent)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def _failed(command: Command, text: str) -> Outcome:
    return Outcome(command, "failed", error=Fault("unknown", text))


def steps_of(commands: Sequence[Command], view: View) -> tuple[dict[str, Any], ...]:
    """Commands as the steps of a file: by kind and room where all of that kind there are meant, else by name."""
    groups: dict[str, tuple[dict[str, Value], list[str]]] = {}
    by_device: dict[str, dict[str, Value]] = {}
    for command in commands:
        by_device.setdefault(command.device, {})[command.trait] = command.value
    for id_, states in by_device.items():
        groups.setdefault(json.dumps(states, sort_keys=True), (states, []))[1].append(id_)
    return tuple({**_whom(ids, states, view), "set": states} for states, ids in groups.values())


def _whom(ids: Sequence[str], states: dict[str, Value], view: View) -> dict[str, Any]:
    devices = [view.devices[id_] for id_ in ids if id_ in view.devices]
    kinds, rooms = {one.kind for one in devices}, {one.room for one in devices}
    if len(kinds) == 1 and len(devices) > 1:
        (kind,) = kinds
        able = [one for one in view.devices.values() if one.kind == kind and all(map(one.trait, states))]
        if len(able) == len(devices):
            return {"kind": kind}
        if len(rooms) == 1 and sum(one.room in rooms for one in able) == len(devices):
            return {"kind": kind, "room": sorted(rooms)}
    return {"name": [one.name for one in devices]}


def folder_name(phrase: str, taken: Sequence[str]) -> str:
    """What a new skill's folder is called."""
    plain = re.sub(r"[^a-z0-9]+", "-", phrase.casefold()).strip("-")[:40].strip("-") or "taught"
    return next(name for name in (plain, *(f"{plain}-{at}" for at in range(2, 99))) if name not in taken)


def write(folder: Path, draft: Draft) -> None:
    """Bring a draft into the skill's file. Blocking; ValueError when the file is not of the form that it needs."""
    path = folder / draft.skill / "SKILL.md"
    if draft.change == "accept":
        return
    if draft.change == "drop":
        shutil.rmtree(path.parent)
        return
    if draft.change == "new":
        if path.parent.exists():
            raise ValueError("there is a folder of that name already")
        new = _page(draft)
    else:
        new = path.read_text("utf-8")
        if draft.change == "rename":
            new = _renamed(new, draft)
            if draft.name:
                if wrong := fault_of(folder / draft.name / "SKILL.md", new):
                    raise ValueError(wrong)
                path.parent.rename(folder / draft.name)
                path = folder / draft.name / "SKILL.md"
        if draft.change in ("also", "instead"):
            new = _with_steps(new, draft.steps, instead=draft.change == "instead")
    if draft.excepted:
        new = _without(new, draft.excepted)
    if wrong := fault_of(path, new):  # a form of writing that this does not know: better nothing than a broken file
        raise ValueError(wrong)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(new, encoding="utf-8")
    temporary.replace(path)


def _page(draft: Draft) -> str:
    about = _quoted(f"Does what was taught for “{draft.phrase}”.")
    lines = ["---", f"name: {draft.skill}", f"description: {about}", "metadata:", "  dobby:", "    phrases:",
             f"      {draft.language}: [{_quoted(draft.phrase)}]", "    steps:", *_step_lines(draft.steps, "      "),
             "---", f"# {draft.phrase}", "", MADE, ""]
    return "\n".join(lines)


def _step_lines(steps: Sequence[dict[str, Any]], indent: str) -> list[str]:
    lines = []
    for step in steps:
        items = [f"{key}: {_inline(value)}" for key, value in step.items()]
        lines += [f"{indent}- {items[0]}", *(f"{indent}  {item}" for item in items[1:])]
    return lines


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _renamed(text: str, draft: Draft) -> str:
    """With another name in its head, and its phrase instead of the one before."""
    if draft.name:
        text, count = re.subn(r"(?m)^name:.*$", f"name: {draft.name}", text, count=1)
        if not count:
            raise ValueError("it has no name in its head")
    found = re.search(rf"(?m)^(\s+{draft.language}:\s*)\[(.*)\]\s*$", text)
    if found is None:
        raise ValueError("its phrases are written in a form that I do not change")
    phrases = [one for one in yaml.safe_load(f"[{found[2]}]") if isinstance(one, str)]
    others = [one for one in phrases if one.casefold() not in (draft.before.casefold(), draft.phrase.casefold())]
    line = f"{found[1]}[{', '.join(map(_quoted, [draft.phrase, *others]))}]"
    return text[:found.start()] + line + text[found.end():]


def _quoted(text: str) -> str:
    plain = "".join(c for c in text if c.isprintable())
    return json.dumps(plain, ensure_ascii=False)


def _block(lines: Sequence[str]) -> tuple[int, int, str]:
    """Where the steps of a skill stand: first line, line after the last, and the indent of each "- "."""
    start = next((at for at, line in enumerate(lines) if re.fullmatch(r"\s*steps:\s*", line)), None)
    if start is None:
        raise ValueError("it has no steps of its own")
    first = next((at for at in range(start + 1, len(lines)) if lines[at].strip()), len(lines))
    found = re.match(r"(\s*)- ", lines[first]) if first < len(lines) else None
    if found is None:
        raise ValueError("its steps are written in a form that I do not change")
    indent = found[1]
    end = first
    while end < len(lines) and (lines[end].startswith(f"{indent}- ") or lines[end].startswith(f"{indent}  ")):
        end += 1
    return first, end, indent


def _with_steps(text: str, steps: Sequence[dict[str, Any]], *, instead: bool) -> str:
    lines = text.split("\n")
    first, end, indent = _block(lines)
    return "\n".join([*lines[:first if instead else end], *_step_lines(steps, indent), *lines[end:]])


def _without(text: str, thing: str) -> str:
    """Every step with this thing among its exceptions."""
    lines = text.split("\n")
    first, end, indent = _block(lines)
    steps: list[list[str]] = []
    for line in lines[first:end]:
        if line.startswith(f"{indent}- "):
            steps.append([line])
        else:
            steps[-1].append(line)
    done: list[str] = []
    for step in steps:
        at = next((at for at, line in enumerate(step) if re.match(r"\s*(- )?except:", line)), None)
        if at is None:
            step.append(f"{indent}  except: [{_quoted(thing)}]")
        elif (listed := re.match(r"(\s*(?:- )?except:\s*)\[(.*)\]\s*$", step[at])) is not None:
            step[at] = f"{listed[1]}[{listed[2]}{', ' if listed[2].strip() else ''}{_quoted(thing)}]"
        else:
            raise ValueError("its exceptions are written in a form that I do not change")
        done += step
    return "\n".join([*lines[:first], *done, *lines[end:]])
