"""The judge's bench: the simulated home's devices under a judge's names, and what his shorthand demands of a sentence.

A demand is "; " between deeds, each "devices verb": devices are keys (la), rooms in capitals (K), A (every light),
E (everything), and "A-P", "K-kc" for what is left out; "~wb" may or may not be told. Verbs: on, off, 40, up, down,
2700K, warm, cold, a colour, fx:, play:, start, pause, next, prev, v20, vup, vdown, mute, unmute, lock, unlock.
Other demands: undo, stop, help, find, skill:name. "|" stands between demands that both serve; "#" tells keys apart.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dobby.agent.meaning import Timed
from dobby.agent.reflex import Context, Control, Do, Miss, Question, Reflex, Refuse, RunSkill, Understood
from dobby.home import colors
from dobby.home import vocabulary as rows
from dobby.home.device import Command, Device, Room
from dobby.home.traits import Trait, Value
from tests.agent.home import MadeHome

LANGUAGES = ("en", "de", "es", "fr", "nl")
AMBIANCE: tuple[Trait, ...] = (rows.ON, rows.BRIGHTNESS, rows.COLOR_TEMPERATURE.but(min=2202, max=6535))
COLOR: tuple[Trait, ...] = (*AMBIANCE, rows.COLOR)
DIM: tuple[Trait, ...] = (rows.ON, rows.BRIGHTNESS)
EFFECTS = ("Solid", "Rainbow", "Candle", "Fire Flicker")
STRIP: tuple[Trait, ...] = (*DIM, rows.COLOR, rows.EFFECT.but(choices=EFFECTS))
LOCK: tuple[Trait, ...] = (rows.LOCKED, rows.JAMMED, rows.BATTERY)
PLACES = {"k": ("ka", "kb", "kc"), "l": ("la", "lb", "wl"), "s": ("sa", "sb"), "b": ("ba", "bb", "wb"), "t": ("ta",),
          "h": ("ha",), "p": ("pa",)}
MADE = {"ka": AMBIANCE, "kb": AMBIANCE, "kc": COLOR, "la": COLOR, "lb": COLOR, "wl": STRIP, "sa": COLOR, "sb": AMBIANCE,
        "ba": AMBIANCE, "bb": COLOR, "wb": STRIP, "ta": AMBIANCE, "ha": DIM, "pa": DIM}
FIRST: Mapping[str, Value] = {"on": True, "brightness": 50, "color_temperature": 3000, "volume": 30, "muted": False,
                              "locked": True, "effect": "Solid", "battery": 80}
HUES = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0),
        "purple": (128, 0, 255), "orange": (255, 128, 0), "pink": (255, 105, 180), "turquoise": (0, 220, 200)}


def file(language: str, stem: str = "judge") -> dict[str, Any]:
    """A judge's list."""
    path = Path(__file__).parent / "sentences" / f"{stem}_{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def judged_home(n: Mapping[str, str]) -> MadeHome:
    """Twelve lamps, two strips, two players, a lock and an aquarium plug, under these names."""
    titles = tuple(n[f"t{at}"] for at in range(1, 6))
    every = [Device(key, n[key], "light", n[room], "wled" if key[0] == "w" else "hue", MADE[key])
             for room, keys in PLACES.items() for key in keys]
    for key, room, other in (("ps", "s", "pk"), ("pk", "k", "ps")):
        able = (rows.PLAYING, rows.PLAY.but(choices=titles), rows.NEXT, rows.PREVIOUS, rows.VOLUME,
                rows.MUTED, rows.GROUP.but(choices=("", other)), rows.TITLE, rows.TRACK, rows.URI)
        every.append(Device(key, n[key], "speaker", n[room], "sonos", able))
    every.append(Device("dl", n["dl"], "lock", n["h"], "homekit", LOCK))
    every.append(Device("aq", n["aq"], "plug", n["l"], "hue", (rows.ON,)))
    floors = {room: n[floor] for floor, rooms in (("f1", "klh"), ("f2", "sbt")) for room in rooms}
    rooms = {n[room]: Room(n[room], floors.get(room, "")) for room in PLACES}
    home = MadeHome({one.id: one for one in every}, rooms)
    for one in every:
        for trait in one.traits:
            home.readings[one.id, trait.name] = FIRST.get(trait.name)
    home.readings.update({("pk", "playing"): True, ("pk", "title"): "Blue", ("ps", "playing"): False,
                          ("ps", "title"): ""})
    return home


def _ids(token: str) -> set[str]:
    token, *less = token.split("-")
    left = {one for part in less for one in _ids(part)}
    if token == "A":
        return set(MADE) - left
    return (set(PLACES[token.lower()]) if token.isupper() else {token}) - left


_FIXED: Mapping[str, tuple[str, Value]] = {
    "on": ("on", True), "off": ("on", False), "pause": ("playing", False), "next": ("next", None),
    "prev": ("previous", None), "mute": ("muted", True), "unmute": ("muted", False), "lock": ("locked", True),
    "unlock": ("locked", False)}


def _holds(verb: str, told: Mapping[str, Value]) -> bool:
    """Whether what one device was told is this verb and nothing more."""
    rest = dict(told)
    if verb not in ("on", "off"):
        rest.pop("on", None) if rest.get("on") is True else None
    if verb in _FIXED:
        return rest == dict([_FIXED[verb]])
    if verb == "start":
        return rest in ({"play": None}, {"playing": True})
    if verb.startswith("play:"):
        return rest == {"play": verb[5:]}
    if verb.startswith("fx:"):
        return rest == {"effect": verb[3:]}
    if verb in ("up", "down", "vup", "vdown"):
        name, first = ("volume", 30) if verb[0] == "v" else ("brightness", 50)
        now = rest.get(name)
        return len(rest) == 1 and isinstance(now, int | float) and (now > first if verb[-1] == "p" else now < first)
    if verb in ("warm", "cold"):
        kelvin, color = rest.get("color_temperature"), rest.get("color")
        near = kelvin is not None and isinstance(kelvin, int | float) and (
            kelvin < 3000 if verb == "warm" else kelvin > 3000)
        return len(rest) == 1 and (near or (color is not None and kelvin is None))
    if verb in HUES:
        return list(rest) == ["color"] and _near(rest["color"], HUES[verb])
    if verb[-1] == "K":
        return rest == {"color_temperature": int(verb[:-1])}
    return rest == ({"volume": int(verb[1:])} if verb[0] == "v" else {"brightness": int(verb)})


def _near(color: Value, wanted: tuple[int, int, int]) -> bool:
    one, other = colors.color(color), colors.rgb_to_xy(*(part / 255 for part in wanted))
    return all(abs(one[axis] - other[axis]) < 0.06 for axis in "xy")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of the list, with what must come of it."""

    wanted: str
    text: str


def listed(content: Mapping[str, Any]) -> list[Said]:
    """Every order of a list."""
    return [Said(wanted.rstrip("#"), text) for wanted, said in content["orders"].items() for text in said]


def hear(reflex: Reflex, said: str, home: MadeHome, called: Mapping[str, str]) -> Understood | Miss:
    """Read a sentence, or two with the context of the first, perhaps in a room."""
    here = ""
    if said.startswith("@"):
        here, said = called[said[1]], said[3:]
    context: Context | None = None
    *first, last = said.format(**called).split(" >> ")
    for before in first:
        read = reflex.read(before, home, context, now=0.0, here=here)
        if isinstance(read, Miss):
            return read
        context = read.context
        for part in read.parts:
            for one in part.commands if isinstance(part, Do) else ():
                home.readings[one.device, one.trait] = one.value
    return reflex.read(last, home, context, now=5.0, here=here)


def commands(read: Understood | Miss) -> list[Command]:
    """What would be done."""
    parts = read.parts if isinstance(read, Understood) else ()
    return [one for part in parts if isinstance(part, Do) for one in part.commands]


def acts(read: Understood | Miss) -> bool:
    """Whether anything would change for good; "on for an hour" ends by itself, and is planned to."""
    parts = read.parts if isinstance(read, Understood) else ()
    if any(isinstance(part, Timed) and part.first for part in parts):
        return False
    return any(isinstance(part, Do | RunSkill) or (isinstance(part, Control) and part.verb in ("undo", "again"))
               for part in parts)


def serves(read: Understood | Miss, wanted: str, called: Mapping[str, str]) -> bool:
    """Whether this reading is one of those demanded."""
    return any(_serves(read, one.strip(), called) for one in wanted.split("|"))


def _serves(read: Understood | Miss, wanted: str, called: Mapping[str, str]) -> bool:
    if isinstance(read, Miss):
        return False
    if wanted in ("undo", "stop", "help", "find"):
        return len(read.parts) == 1 and isinstance(read.parts[0], Control) and read.parts[0].verb == wanted
    if wanted.startswith("skill:"):
        return read.parts == (RunSkill(wanted[6:]),)
    if not all(isinstance(part, Do) for part in read.parts):
        return False
    told: dict[str, dict[str, Value]] = {}
    for one in commands(read):
        told.setdefault(one.device, {})[one.trait] = one.value
    return _matches(told, _demand(wanted, called))


def _demand(wanted: str, called: Mapping[str, str]) -> list[tuple[set[str], set[str], list[str]]]:
    """(devices, devices that may be told too, verbs) of every deed."""
    demand: list[tuple[set[str], set[str], list[str]]] = []
    for deed in wanted.replace("E off", "A off; pk pause; ~ps pause").split("; "):
        must, may, verbs = set[str](), set[str](), list[str]()
        for token in deed.split():
            if token[0] == "~":
                may |= _ids(token[1:])
            elif token[0].isalpha() and (token[0].isupper() or token in MADE or token in ("ps", "pk", "dl", "aq")):
                must |= _ids(token)
            else:
                verbs.append("play:" + called[token[5:]] if token.startswith("play:") else token)
        demand.append((must, may, verbs))
    return demand


def _matches(told: Mapping[str, Mapping[str, Value]], demand: list[tuple[set[str], set[str], list[str]]]) -> bool:
    must = {one for ids, _, _ in demand for one in ids}
    may = {one for _, ids, _ in demand for one in ids}
    if not must <= set(told) <= must | may:
        return False
    for device, values in told.items():
        verbs = [verb for ids, other, named in demand if device in ids | other for verb in named]
        if not (_holds(verbs[0], values) if len(verbs) == 1 else _both(verbs, values)):
            return False
    return True


def _both(verbs: list[str], values: Mapping[str, Value]) -> bool:
    """Two verbs to one device: a title and a volume, one command each."""
    return len(values) == len(verbs) and all(
        any(_holds(verb, {name: value}) for name, value in values.items()) for verb in verbs)


@dataclass(slots=True)
class Count:
    """How a list went."""

    right: int
    missed: list[tuple[str, str]]
    wrong: list[tuple[str, str]]
    unrefused: list[str]
    unanswered: list[str]


def judge(language: str, reflex: Reflex, stem: str = "judge", names: str = "names", plain: bool = False) -> Count:
    """Go through a list in the home's names ("names") or another language's ("other"); plain: lower case, no stops."""
    content = file(language, stem)
    called = file(language)[names]
    done = Count(0, [], [], [], [])

    still = judged_home(called)

    def heard(text: str) -> Understood | Miss:
        home = judged_home(called) if ">>" in text else still  # a first sentence changes the readings
        text = text.format(**called).casefold().rstrip(".!") if plain and "@" not in text else text
        return hear(reflex, text.replace(",", "") if plain else text, home, called)

    for said in listed(content):
        read = heard(said.text)
        if serves(read, said.wanted, called):
            done.right += 1
        else:
            (done.wrong if acts(read) else done.missed).append((said.text, f"{said.wanted} <- {_form(read)}"))
    for kind, missing in (("refuse", done.unrefused), ("questions", done.unanswered), ("never", None)):
        for text in content[kind]["say"]:
            read = heard(text)
            if acts(read):
                done.wrong.append((text, f"{kind} <- {_form(read)}"))
            elif missing is not None and not (isinstance(read, Understood) and all(
                    isinstance(part, Refuse if kind == "refuse" else Question) for part in read.parts)):
                missing.append(f"{text} <- {_form(read)}")
    return done


def _form(read: Understood | Miss) -> str:
    if isinstance(read, Miss):
        return "miss"
    return "; ".join(
        ", ".join(f"{one.device}.{one.trait}={one.value}" for one in part.commands) if isinstance(part, Do)
        else str(part)[:160] for part in read.parts)
