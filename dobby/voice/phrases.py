"""What this home can be told, as a grammar for the built-in ears (JSGF): orders over its rooms and devices, the phrases
of its skills, questions, yes and no. Pure. English, as the acoustic model that comes with pocketsphinx is.

https://www.w3.org/TR/jsgf/. The narrower a grammar, the surer the ears: an order is only offered for kinds that this
home has, and a verb only with things that can do it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

NAMES_LIMIT = 400  # devices whose names are offered; a grammar over thousands hears nothing well
WORDS_LIMIT = 8  # of one name
ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
COLORS = ("red", "green", "blue", "yellow", "orange", "purple", "pink", "turquoise", "warm white", "cool white",
          "daylight")
MINUTES = (*range(1, 21), 25, 30, 40, 45, 50, 60, 90)
OPENS = ("window", "windows", "door", "doors", "gate", "skylight")  # last word of a sensor that tells open or closed
SWITCHED = ("light", "plug", "fan", "tv")
PERCENTS = (*range(5, 100, 5), 1, 33, 66, 100)
NOUNS: Mapping[str, tuple[str, ...]] = {  # the noun of a kind behind a name that lacks it
    "light": ("light", "lamp"), "speaker": ("speaker",), "shade": ("shades", "blinds", "curtains"),
    "lock": ("lock",), "plug": ("plug",), "fan": ("fan",), "thermostat": ("thermostat", "heating")}
SAID = {"light": ("light", "lamp", "lamps", "lights", "strip", "lantern", "bulb", "pendant"), "plug": ("plug",),
        "shade": ("shade", "shades", "blind", "blinds", "curtain", "curtains", "shutter", "shutters", "awning"),
        "lock": ("lock", "door", "gate"), "thermostat": ("thermostat", "heating", "heater", "radiator"),
        "speaker": ("speaker", "sonos", "radio", "stereo"), "fan": ("fan",)}


@dataclass(frozen=True, slots=True)
class Sayable:
    """What a home has, for the ears. devices: (name, kind, room); phrases: whole sentences (of skills, of a person)."""

    rooms: tuple[str, ...] = ()
    devices: tuple[tuple[str, str, str], ...] = ()
    phrases: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    name: str = "Dobby"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A grammar, its words, and how names that are said otherwise than written are written ("lamp two": "Lamp 2")."""

    jsgf: str
    words: frozenset[str]
    written: Mapping[str, str] = field(default_factory=dict)

    def write(self, heard: str) -> str:
        """What was heard, its names as the owner writes them."""
        for said in sorted(self.written, key=len, reverse=True):
            heard = re.sub(rf"\b{re.escape(said)}\b", lambda _, one=said: self.written[one], heard)  # type: ignore[misc]
        return heard


def number(value: int) -> str:
    """A whole number from 0 to 999 in words."""
    if value >= 100:
        rest = f" {number(value % 100)}" if value % 100 else ""
        return f"{ONES[value // 100]} hundred{rest}"
    if value < 20:
        return ONES[value]
    return TENS[value // 10] + (f" {ONES[value % 10]}" if value % 10 else "")


def say(text: str) -> str:
    """A name or phrase as it is spoken: letters a to z and apostrophes, numbers in words; "" when nothing is left."""
    flat = "".join(c for c in unicodedata.normalize("NFKD", text.casefold().replace("’", "'").replace("ß", "ss"))
                   if not unicodedata.combining(c)).replace("&", " and ").replace("%", " percent ")
    pieces = re.findall(r"\d{1,3}(?!\d)|[a-z]+(?:'[a-z]+)*", flat)
    said = [number(int(piece)) if piece.isdecimal() else piece for piece in pieces]
    return " ".join(" ".join(said).split()[:WORDS_LIMIT * 2])


def grammar(home: Sayable) -> Spoken:
    """The grammar of a home."""
    rules = _Rules()
    rooms = _unique(say(room) for room in home.rooms)
    rules.add("room", rooms)
    devices = [(say(name), kind, say(room)) for name, kind, room in home.devices[:NAMES_LIMIT]]
    for kind in {kind for _, kind, _ in devices}:
        rules.add(f"one_{kind}", _unique(way for name, its, room in devices if its == kind
                                         for way in _ways(name, kind, room)))
    kinds = {kind for _, kind, _ in devices}
    _places(rules, kinds, _with(devices, rooms))
    orders = [*_switching(rules, kinds), *_opening(rules, kinds), *_guarding(rules, kinds), *_heating(rules, kinds),
              *_bathing(rules), *_sweeping(rules), *_playing(rules, kinds, _unique(say(one) for one in home.titles))]
    rules.add("order", orders)
    called = say(home.name)
    rules.add("phrase", _unique([*(say(one) for one in home.phrases), *ANSWERS]))
    rules.add("ask", _asking(rules, kinds, devices))
    rules.add("minutes", [number(value) for value in MINUTES])
    rules.add("time", ["set a timer for <minutes> minutes", "cancel the timer", "how long is left", "what is planned"])
    top = [f"<{one}>" for one in ("phrase", "ask", "time") if rules.has(one)]
    if rules.has("order"):
        top = ["[please | could you | can you] <order>", "<order> please", "<order> in <minutes> minutes", *top]
    jsgf = rules.text(f"[{called}] ({' | '.join(top)})" if called else " | ".join(top))
    words = frozenset(re.findall(r"[a-z']+", " ".join([*rules.bodies(), called, "please could you can in minutes"])))
    written = {said: name for name in [*home.rooms, *(one for one, _, _ in home.devices), *home.titles]
               if (said := say(name)) and said != name.casefold()}
    return Spoken(jsgf, words, written)


ANSWERS = ("yes", "no", "yes please", "no thanks", "stop", "cancel", "never mind", "undo that", "undo", "help",
           "what can you do", "what time is it", "who is home", "why did you do that", "thank you")


@dataclass(slots=True)
class _Rules:
    """Rules as they are added; an empty one is none, and whoever asks for it is told."""

    _rules: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, ways: Iterable[str]) -> None:
        if kept := _unique(ways):
            self._rules[name] = kept

    def has(self, name: str) -> bool:
        return name in self._rules

    def bare(self, kind: str) -> list[str]:
        """What is meant, without articles: so short an order ("lights off") is soon heard in anything."""
        return [re.sub(r"\[the\] |\[all\] ", "", way) for way in self._rules.get(kind, ()) if " in the " not in way]

    def bodies(self) -> list[str]:
        return [re.sub(r"<\w+>", " ", way) for ways in self._rules.values() for way in ways]

    def text(self, top: str) -> str:
        lines = [f"<{name}> = {' | '.join(ways)};" for name, ways in self._rules.items()]
        return "#JSGF V1.0;\ngrammar home;\n" + "\n".join(lines) + f"\npublic <top> = {top};\n"


def _unique(ways: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(way for way in ways if way))


def _ways(name: str, kind: str, room: str) -> list[str]:
    """What one device may be called: its name, and with its kind's noun where it lacks one."""
    if not name or len(name.split()) > WORDS_LIMIT:
        return []
    tail = name.split()[-1]
    if tail in SAID.get(kind, (tail,)) or kind not in NOUNS:
        return [name]
    return [name, *(f"{name} {noun}" for noun in NOUNS[kind])]


def _with(devices: Sequence[tuple[str, str, str]], rooms: Sequence[str]) -> Mapping[str, list[str]]:
    """The rooms that have something of a kind."""
    found: dict[str, list[str]] = {}
    for _, kind, room in devices:
        if room in rooms and room not in found.setdefault(kind, []):
            found[kind].append(room)
    return found


MANY = {"light": ("lights",), "shade": ("shades", "blinds"), "thermostat": ("heating",), "speaker": ("music",)}


def _places(rules: _Rules, kinds: set[str], rooms: Mapping[str, Sequence[str]]) -> None:
    """What is meant, by kind: one of them, all of them, those of a room."""
    for kind in kinds:
        ways = [f"[the] <one_{kind}>"] if rules.has(f"one_{kind}") else []
        for noun in MANY.get(kind, ()):
            ways.append(f"[the] {noun}" if kind in ("thermostat", "speaker") else f"[all] [the] {noun}")
            if rooms.get(kind):
                rules.add(f"room_{kind}", rooms[kind])
                ways += [f"[the] <room_{kind}> {noun}", f"[all] the {noun} in the <room_{kind}>"]
        rules.add(kind, ways)


def _switching(rules: _Rules, kinds: set[str]) -> list[str]:
    switched = [f"<{kind}>" for kind in SWITCHED if rules.has(kind)]
    orders = []
    if rules.has("speaker"):
        orders += ["(turn | switch) off <speaker>"]
    if switched:
        rules.add("thing", switched)
        rules.add("onoff", ["on", "off"])
        rules.add("bare", [way for kind in SWITCHED for way in rules.bare(kind)])
        orders += ["(turn | switch) <onoff> <thing>", "(turn | switch) <thing> <onoff>", "<bare> <onoff>"]
    everything = "everything [in the <room>]" if rules.has("room") else "everything"
    if switched or rules.has("speaker"):
        orders += [f"(turn | switch) off {everything}", f"{everything} off", f"turn {everything} off"]
        if rules.has("room"):
            orders += ["(turn | switch) everything off in the <room>"]
    if rules.has("light"):
        rules.add("percent", [number(value) for value in PERCENTS])
        rules.add("color", COLORS)
        orders += ["dim <light> [to <percent> percent]", "brighten <light>",
                   "(set | turn) <light> to <percent> percent",
                   "(make | set | turn) <light> [to] <color>", "make <light> (brighter | darker | dimmer)"]
        if rules.has("room_light"):
            orders += ["[the] lights <onoff> in the <room_light>"]
    if rules.has("one_fan"):
        rules.add("percent", [number(value) for value in PERCENTS])
        orders += ["set [the] <one_fan> to <percent> percent"]
    return orders


def _opening(rules: _Rules, kinds: set[str]) -> list[str]:
    orders = []
    if rules.has("shade"):
        rules.add("percent", [number(value) for value in PERCENTS])
        orders += ["(open | close | raise | lower) <shade>", "set <shade> to <percent> percent",
                   "(open | close) <shade> (to <percent> percent | halfway)"]
    if rules.has("garage"):
        orders += ["(open | close) ([the] <one_garage> | the garage | the garage door)"]
    if rules.has("shade") or rules.has("one_garage"):
        orders += ["close everything"]
    return orders


def _guarding(rules: _Rules, kinds: set[str]) -> list[str]:
    orders = []
    if rules.has("lock"):
        orders += ["(lock | unlock) ([the] <one_lock> | the door)", "lock all [the] doors", "lock the doors", "lock up"]
    if "alarm" in kinds:
        orders += ["(arm | disarm) the alarm", "arm the alarm (away | home | night)",
                   "set the alarm to (away | home | night)"]
    return orders


def _heating(rules: _Rules, kinds: set[str]) -> list[str]:
    if not rules.has("thermostat"):
        return []
    rules.add("degrees", [number(value) for value in range(5, 31)])
    return ["set <thermostat> to <degrees> [degrees]", "turn <thermostat> (up | down | off)",
            "turn (up | down | off) <thermostat>", "make it (warmer | cooler)",
            *(["set the <room_thermostat> to <degrees> degrees"] if rules.has("room_thermostat") else [])]


def _bathing(rules: _Rules) -> list[str]:
    """Orders to pool and spa."""
    bodies = [f"<one_{kind}>" for kind in ("pool", "spa") if rules.has(f"one_{kind}")]
    if not bodies:
        return []
    rules.add("body", bodies)
    rules.add("onoff", ["on", "off"])
    rules.add("warm", [number(value) for value in range(15, 41)])
    return ["(turn | switch) <onoff> the <body>", "(turn | switch) the <body> <onoff>",
            "(heat | set) the <body> to <warm> [degrees]"]


def _sweeping(rules: _Rules) -> list[str]:
    """Orders to a vacuum cleaner."""
    if not rules.has("one_vacuum"):
        return []
    rules.add("sweeper", ["the vacuum", "[the] <one_vacuum>"])
    return ["(start | stop | pause) <sweeper>", "send <sweeper> home", "dock <sweeper>"]


def _playing(rules: _Rules, kinds: set[str], titles: Sequence[str]) -> list[str]:
    if "speaker" not in kinds:
        return []
    rules.add("percent", [number(value) for value in PERCENTS])
    place = " [in the <room_speaker>]" if rules.has("room_speaker") else ""
    orders = [f"(pause | stop | resume) the music{place}", f"(next | previous | skip this) song{place}",
              f"turn (up | down) the (volume | music){place}", f"turn the (volume | music) (up | down){place}",
              f"set the volume to <percent> percent{place}", f"(louder | quieter){place}", f"play [some] music{place}",
              f"mute the music{place}"]
    if titles:
        rules.add("title", titles)
        orders += [f"play <title>{place}", f"put on <title>{place}"]
    return orders


def _asking(rules: _Rules, kinds: set[str], devices: Sequence[tuple[str, str, str]]) -> list[str]:
    """Questions about the home: they cost nothing when they are misheard."""
    asks = ["what is open"]
    sensors = [name for name, kind, _ in devices if kind == "sensor" and name]
    if opening := [name for name in sensors if name.split()[-1] in OPENS]:
        rules.add("opening", _unique(opening))
        asks += ["is the <opening> (open | closed)", "are any (windows | doors) open"]
    if rules.has("body"):
        asks += ["how warm is the <body>", "is the <body> (on | off)"]
    if rules.has("sweeper"):
        asks += ["where is <sweeper>"]
    if rules.has("light"):
        asks += ["(is | are) <light> (on | off)", "(which | what) lights are on", "what is on", "are any lights on"]
    if rules.has("lock"):
        asks += ["is ([the] <one_lock> | the door) (locked | unlocked)", "is everything locked", "are the doors locked"]
    if rules.has("garage"):
        asks += ["is ([the] <one_garage> | the garage) (open | closed)"]
    if rules.has("shade"):
        asks += ["are <shade> (open | closed)"]
    if "alarm" in kinds:
        asks += ["is the alarm (on | off | armed)"]
    if rules.has("thermostat"):
        room = " [in the <room_thermostat>]" if rules.has("room_thermostat") else ""
        asks += [f"(how warm is it | what is the temperature){room}"]
    if "speaker" in kinds:
        place = " [in the <room_speaker>]" if rules.has("room_speaker") else ""
        asks += [f"what is playing{place}"]
    return asks
