"""Where learned devices are kept: a folder each under skills/, with SKILL.md for people and models, device.toml for the
interpreter, and the exchanges it was proven with. A folder counts once its owner said yes to exactly its words."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dobby.errors import ConfigError, Refused
from dobby.home.device import About, Driver, Found, Link, LooksFor, Secret, Settings, Sighting
from dobby.learning.link import drive
from dobby.wire.recipe.data import FILE, IDENTITIES, Recipe
from dobby.wire.recipe.reader import load
from dobby.wire.recipe.values import NOT_THERE, find

log = logging.getLogger(__name__)
EXCHANGES = "exchanges.json"
SHORTEST_ID = 3  # letters of a serial number by which a device may be told from others
# under which names devices announce what they are known by
SAYS_ID = {"mac": ("mac", "macaddress", "macaddr", "hwaddr", "bssid"), "udn": ("udn", "usn", "uuid", "id"),
           "serial": ("serial", "serialnumber", "serialno", "sn", "id", "deviceid", "uuid", "uid", "chipid", "mac")}
MAKE = "learned"


@dataclass(slots=True)
class Shelf:
    """All recipes of a workspace. approved: the hash that was said yes to, by folder; aside: why one is not used."""

    folder: Path
    recipes: dict[str, Recipe] = field(default_factory=dict)
    approved: dict[str, str] = field(default_factory=dict)
    aside: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    on_aside: Callable[[Recipe, str], None] = lambda recipe, why: None
    on_met: Callable[[Recipe, Found], None] = lambda recipe, found: None  # a device of this shelf is on the network

    def load(self) -> None:
        """Read every recipe of the folder anew; a broken one is a problem and stops no other."""
        recipes: dict[str, Recipe] = {}
        self.problems.clear()
        for path in sorted(self.folder.glob(f"*/{FILE}")):
            try:
                recipes[path.parent.name] = load(path.parent)
            except ConfigError as wrong:
                self.problems += wrong.problems
        self.recipes = recipes

    def stamps(self) -> dict[str, float]:
        """When each recipe's file was last changed. Blocking: files."""
        found: dict[str, float] = {}
        for path in self.folder.glob(f"*/{FILE}"):
            with contextlib.suppress(OSError):
                found[str(path)] = path.stat().st_mtime
        return found

    def foreign(self) -> list[Recipe]:
        """Recipes that nobody here said yes to: copied from another home, or changed by hand since."""
        return [one for slug, one in self.recipes.items() if self.approved.get(slug) != one.hash]

    def usable(self, slug: str) -> Recipe:
        """The recipe of a folder; Refused with what the person can do where it may not be used."""
        recipe = self.recipes.get(slug)
        if recipe is None:
            raise Refused("Its recipe is gone.", "recipe_gone")
        if self.approved.get(slug) != recipe.hash:
            raise Refused("Its recipe is not the one you said yes to.", "recipe_changed")
        if slug in self.aside:
            raise Refused("Its recipe no longer fits it, so I set it aside.", "recipe_aside")
        return recipe

    def keep(self, recipe: Recipe, answers: Mapping[str, bytes]) -> None:
        """Write a proven recipe, with the answers it was proven with. Blocking: files."""
        folder = self.folder / recipe.slug
        self.approved[recipe.slug] = recipe.hash  # before it can be read again from its file
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(recipe.text, encoding="utf-8")
        (folder / "SKILL.md").write_text(words_of(recipe), encoding="utf-8")
        exchanges = {name: {"answer": answer.decode("utf-8", "replace"), "shows": shown(recipe, name, answer)}
                     for name, answer in answers.items()}
        (folder / EXCHANGES).write_text(json.dumps(exchanges, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        self.recipes[recipe.slug] = recipe
        self.aside.pop(recipe.slug, None)

    def forget(self, slug: str) -> None:
        """Remove a learned device's folder and all that is known of it here. Blocking: files."""
        self.recipes.pop(slug, None)
        self.approved.pop(slug, None)
        self.aside.pop(slug, None)
        if (self.folder / slug / FILE).is_file():
            shutil.rmtree(self.folder / slug)

    def driver(self) -> Driver:
        """The make "learned": everything on this shelf."""
        return Driver(MAKE, "Learned device", LooksFor(), self.claim, self._connect, about=ABOUT)

    def claim(self, sighting: Sighting) -> Found | None:
        """A device on this shelf, wherever it is now: by what its recipe knows it by."""
        said = {key.casefold().replace("_", ""): value.strip().casefold() for key, value in sighting.facts.items()}
        for slug, recipe in self.recipes.items():
            known = {kind: recipe.known_by[kind].casefold() for kind in IDENTITIES if kind in recipe.known_by}
            same = any(said.get(key) == value and len(value) >= SHORTEST_ID for kind, value in known.items()
                       for key in SAYS_ID[kind])
            if same and self.approved.get(slug) == recipe.hash:
                found = Found(recipe.key, MAKE, recipe.name, sighting.host, recipe.port, why="I learned it here")
                self.on_met(recipe, found)
                return found
        return None

    def _connect(self, found: Found, secret: Secret, settings: Settings) -> AbstractAsyncContextManager[Link]:
        slug = found.key.partition(":")[2]
        recipe = self.usable(slug)

        def aside(why: str) -> None:
            self.aside[slug] = why
            self.on_aside(recipe, why)

        return drive(recipe, found, secret, settings, aside)


def shown(recipe: Recipe, request: str, answer: bytes) -> dict[str, Any]:
    """What a recipe reads out of an answer to one of its requests, by trait."""
    found: dict[str, Any] = {}
    for ability in recipe.abilities:
        if ability.read is not None and ability.read.request == request:
            raw = find(ability.read, answer)
            if raw is not NOT_THERE:
                found[ability.trait.name] = ability.turn.ours(raw, ability.trait.kind)
    return found


def replay(folder: Path) -> list[str]:
    """The test of a kept recipe, without its device: what it no longer reads as it did when proven; [] is well."""
    recipe = load(folder)
    exchanges = json.loads((folder / EXCHANGES).read_text("utf-8"))
    return [f"{folder.name}: {name} reads {now}, not {row['shows']}" for name, row in exchanges.items()
            if (now := shown(recipe, name, row["answer"].encode())) != row["shows"]]


def words_of(recipe: Recipe) -> str:
    """SKILL.md of a learned device: what it is and may say, for people and other agents."""
    can = ", ".join(one.trait.name for one in recipe.abilities if one.set) or "nothing"
    shows = ", ".join(one.trait.name for one in recipe.abilities if one.read) or "nothing"
    known = ", ".join(f"{kind} {value}" for kind, value in recipe.known_by.items())
    lines = "\n".join(f"- `{line}`" for line in recipe.touches())
    about = json.dumps(f"How to drive {recipe.name}, a {recipe.kind}, over {recipe.by}.", ensure_ascii=False)
    return "\n".join(["---", f"name: {recipe.slug}", f"description: {about}", "---", "", f"# {recipe.name}", "",
                      f"A device that Dobby learned; `device.toml` drives it. It is known by {known}.", "",
                      f"Sets: {can}. Shows: {shows}.", "", "All that is ever said to it:", "", lines, ""])


ABOUT = About("whatever shows its state over HTTP (JSON or XML), UPnP, TCP or UDP lines, WebSocket or MQTT",
              "none, or a password that is asked for", "polled; pushed over TCP, WebSocket and MQTT",
              "none (own interpreter)", ("b: made-up devices of tests/learning",))
