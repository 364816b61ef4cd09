"""The mind without a model: a sentence that is understood whole becomes orders, questions or words; any other a Miss.

Nothing here acts. Every word of a sentence must be accounted for; two readings that differ are none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from dobby.agent import eye_talk, house_talk, memory_talk, net_talk, questions, teach_talk, time_talk
from dobby.agent.absent import absent, ordered
from dobby.agent.clauses import Clause, clauses, narrowed
from dobby.agent.grammar import Bit, Grammar, load
from dobby.agent.lattice import Slot, lattice, readings
from dobby.agent.meaning import (
    Clarify,
    Context,
    Control,
    Do,
    Miss,
    Part,
    Question,
    Refuse,
    RunSkill,
    Timed,
    Understood,
)
from dobby.agent.names import Names, called, gather, speaks_of
from dobby.agent.opening import Opening, connecting, opening
from dobby.agent.orders import order
from dobby.agent.targets import FRESH, Home
from dobby.agent.text import quotes, too_long, typed
from dobby.agent.text import words as plain_words
from dobby.agent.upstream import Upstream
from dobby.home.device import Command, View
from dobby.home.traits import Risk
from dobby.skills import Skill
from dobby.words import Words

__all__ = ["Clarify", "Context", "Control", "Do", "Miss", "Question", "Reflex", "Refuse", "RunSkill", "Understood"]


STRETCHES = 4  # orders in one sentence
BELOW_ZERO = re.compile(r"(?<!\S)[-−–]\s?\d|\b(?:minus|moins|menos|min) \d")


class Reflex:
    """The grammar of one language and the phrases of the skills, held against a home."""

    def __init__(self, language: str, skills: Sequence[Skill], words: Words | None = None,
                 people: Sequence[str] = ()) -> None:
        self.language, self.people = language, people
        self._skills = skills
        self._words = words or Words(language)
        self._grammar: Grammar | None = None
        self._names: Names | None = None
        self._phrases: dict[str, str] = {}
        self._upstream: Upstream | None = None

    def warm(self, view: View) -> None:
        """Read the grammar and index the home's names; blocks, so call it in a thread."""
        grammar = self._ready()
        self._names_of(view, grammar)
        if self._upstream is None:
            self._upstream = Upstream(self.language)
        self._upstream.read([(Bit("filler", typed="zzz"),)], view.devices)
        self.read(self._words.say("nearest.lights", room="zzz"), view, None, now=0.0)

    def read(self, text: str, view: View, context: Context | None, *, now: float, here: str = "") -> Understood | Miss:
        """What a sentence means in this home. Pure: no I/O, no clock of its own. What is for later holds an order that
        is read by itself."""
        def order(text: str, before: Context | None = context) -> Understood | Miss:
            return self._untimed(text, view, before, now, here)
        if (timed := time_talk.read(text, view, self.language, self.people, order)) is not None:
            also = order(text) if isinstance(timed, Timed) and timed.verb in ("leaving", "home") else None
            skill: tuple[Part, ...] = also.parts if isinstance(also, Understood) and isinstance(
                also.parts[0], RunSkill) else ()
            if isinstance(timed, Timed) and timed.verb == "vacation":
                skill = tuple(RunSkill(one.name) for one in self._skills if one.lived_in)[:1]
            first = (timed.first,) if isinstance(timed, Timed) and timed.first else ()
            return Understood((*first, timed, *skill), context or Context())
        return order(text)

    def lets_in(self, text: str, view: View) -> str:
        """What a sentence wants let into the home ("connect the Sonos"), "" for any other; for one that `read` made
        nothing of, since "connect the kitchen and the study" is music in both."""
        grammar = self._ready()
        said = typed(text, self.language)
        if not said or too_long(text) or quotes(text):
            return ""
        start = opening(said, text, grammar, self._names_of(view, grammar), self._phrases)
        return "" if start.question else connecting(start.said, grammar)

    def called(self, text: str, view: View) -> tuple[str, ...]:
        """The devices that a few words name as a whole: by name, or all of a kind ("cameras")."""
        return called(text, view, self._ready(), self._names_of(view, self._ready()))

    def speaks_of(self, text: str, view: View) -> bool:
        """Whether any of these words is one of orders, or of a name of this home."""
        return speaks_of(text, self._ready(), self._names_of(view, self._ready()))

    def _untimed(self, text: str, view: View, context: Context | None, now: float, here: str) -> Understood | Miss:
        """A sentence without time. One that comes to nothing as a whole may be several orders with an "and" between
        them, if each of them is understood by itself."""
        whole = self._sentence(text, view, context, now, here)
        nothing = isinstance(whole, Miss) or all(isinstance(part, Refuse) for part in whole.parts)
        if not nothing or "?" in text or quotes(text):
            return whole
        ands = "|".join(re.escape(one) for one in sorted(self._ready().ands, key=len, reverse=True) if one.isalpha())
        stretches = [one for one in re.split(rf"\s*,\s*(?:(?:{ands})\s+)?|\s+(?:{ands})\s+", text.strip(" .!")) if one]
        if not 2 <= len(stretches) <= STRETCHES:
            return whole
        parts: list[Part] = []
        for at, one in enumerate(stretches):
            read = self._sentence(one, view, context, now, here)
            if at and not _does(read):  # "turn off the lights and the heating": the verb was said once for both
                read = next((again for size in (2, 1, 3) if _does(again := self._sentence(
                    " ".join([*stretches[0].split()[:size], one]), view, context, now, here))), read)
            if isinstance(read, Miss) or not _does(read):
                return whole
            parts, context = [*parts, *read.parts], read.context
        orders = _agreed([part for part in parts if isinstance(part, Do)])
        return Understood(tuple(orders), context or Context()) if orders else whole

    def _sentence(self, text: str, view: View, context: Context | None, now: float, here: str) -> Understood | Miss:
        """One sentence as a whole."""
        grammar = self._ready()
        names = self._names_of(view, grammar)
        if context is not None and now - context.when > FRESH:
            context = None
        here = here if here in view.rooms else ""
        home = Home(view, names, self._words, context, here)
        if BELOW_ZERO.search(text):  # no reading of ours keeps a minus, and without it another number is left
            return Miss(self._nearest(view))
        if (sight := eye_talk.read(text, view, self.language)) is not None:
            return Understood((sight,), context or Context())
        lesson = teach_talk.read(text, self.language, self._skills)
        if lesson is not None and (lesson.sure or _acts(self._untimed(lesson.order, view, context, now, here))):
            return Understood((lesson,), context or Context())
        if skill := teach_talk.runs(text, self.language, self._skills):
            return Understood((RunSkill(skill),), context or Context())
        if (recollect := memory_talk.read(text, self.language)) is not None and not quotes(text):
            kept = recollect.what if recollect.verb == "remember" else ""
            pieces = re.split(r"[.;!,]\s+|\s(?:and|und|en|y|et)\s", kept)
            if any(_does(self._sentence(one, view, context, now, here)) for one in pieces if one):
                return Miss(self._nearest(view))  # an order is in it: that is no fact
            return Understood((recollect,), context or Context())
        if (asked := net_talk.read(text, view, self.language)) is not None:
            return Understood((asked,), context or Context())
        if (part := house_talk.read(text, view, self._words, here)) is not None:
            if isinstance(part, Miss):
                return Miss(self._nearest(view))
            return Understood((part,), _remembered(part, context, view, now))
        said = typed(text, self.language)
        if not said or too_long(text) or (quotes(text) and not _names_quoted(text, names, self.language)):
            return Miss(self._nearest(view))
        if signs_matter(text, len(said), view):
            return Miss(self._nearest(view))
        start = opening(said, text, grammar, names, self._phrases)
        parts = self._parts(start, home, now)
        if parts is None:
            return Miss(self._nearest(view))
        return parts

    def _parts(self, start: Opening, home: Home, now: float) -> Understood | None:
        kept = home.context or Context()
        if start.control is not None:
            return Understood((start.control,), kept)
        if start.skill:
            return Understood((RunSkill(start.skill),), kept)
        grammar = self._ready()
        if start.question:
            asked = questions.question(lattice(start.said, grammar, home.names, question=True), home)
            return Understood((asked,), kept) if asked else None
        net = lattice(start.said, grammar, home.names)
        if start.follows and (followed := self._followed(net.slots, home, now)):
            return _finish(followed, net.corrected, start, home)
        found = self._read(net.slots, home, now)
        if not any(_orders(read) for read in found) and (start.wants or _bare(net.slots, start.polite, grammar)):
            deed = "play" if any(bit.type in ("something", "title") for slot in net.slots for bit in slot) else "on"
            found = self._read((*net.slots, (Bit("act", deed),)), home, now) or found
        if not found and self._upstream and (clause := self._upstream.read(net.slots, home.view.devices)):
            found = [read for read in [_all([clause], home, now)] if read]
        read = _settle(found) if found else absent(net.slots, home, grammar, now)
        if read and net.corrected and isinstance(read.parts[0], Refuse) and not ordered(net.slots):
            return None  # what was no order at all is not refused for a word that nobody typed
        return _finish(read, net.corrected, start, home) if read else None

    def _followed(self, slots: Sequence[Slot], home: Home, now: float) -> Understood | None:
        """ "and the bedroom": the deed of a moment ago, done to something else."""
        if home.context is None or home.context.deed is None:
            return None
        found: list[Understood] = []
        for bits in readings(slots):
            mentions = clauses([*bits, Bit("act", "same")], {})  # no deed that can be said, to see what is spoken of
            if mentions is None or len(mentions) != 1 or mentions[0].deed.acts != ("same",) or mentions[0].deed.valued:
                continue
            said = mentions[0].mentions
            if not said or mentions[0].excepted or mentions[0].deed.carrier:
                continue
            kind = home.context.kind
            filled = tuple(replace(one, kind=kind, count="many") if one.place_only and kind else one for one in said)
            read = _all([Clause(home.context.deed, filled)], home, now)
            if read and read not in found:
                found.append(read)
        return _settle(found)

    def _read(self, slots: Sequence[Slot], home: Home, now: float) -> list[Understood]:
        """Every reading that makes sense, those that come to the same only once; of two that act, the one that takes a
        device at its whole name."""
        found: list[tuple[int, Understood]] = []
        for bits in readings(slots):
            parsed = clauses(bits, self._ready().combine)
            near = narrowed(parsed) if parsed else None
            read = _all(near, home, now) if near else None
            if read is None or not _orders(read):  # nothing of the kind is there: then it is meant everywhere
                read = _all(parsed, home, now) if parsed else None
            if read is not None:
                found.append((_short(bits, slots), read))
        acting = [short for short, read in found if _orders(read)]
        whole = min(acting or [short for short, _ in found], default=0)
        different: list[Understood] = []
        for short, read in found:
            if short <= whole and not any(_same(read, other) for other in different):
                different.append(read)
        return different

    def _ready(self) -> Grammar:
        if self._grammar is None:
            self._grammar = load(self.language)
            for skill in self._skills:  # of two skills that share a phrase the first has it
                for phrase in skill.phrases.get(self.language, ()):
                    self._phrases.setdefault("".join(plain_words(phrase, self.language)), skill.name)
        return self._grammar

    def _names_of(self, view: View, grammar: Grammar) -> Names:
        names = self._names
        if names is None or names.devices is not view.devices or names.rooms is not view.rooms:
            names = self._names = gather(view, grammar)
        return names

    def _nearest(self, view: View) -> str:
        """A sentence for this home that would be understood."""
        light = next((one for one in view.devices.values() if one.kind == "light" and one.room), None)
        if light is not None:
            return self._words.say("nearest.lights", room=light.room)
        any_device = next((one for one in view.devices.values() if one.trait("on")), None)
        return self._words.say("nearest.off", device=any_device.name) if any_device else ""


def _remembered(part: Part, context: Context | None, view: View, now: float) -> Context:
    """What "it" means after an order or a question."""
    ids = tuple(dict.fromkeys(one.device for one in part.commands)) if isinstance(part, Do) else \
        part.devices if isinstance(part, Question) else ()
    if not ids or ids[0] not in view.devices:
        return context or Context()
    return Context(ids, (), view.devices[ids[0]].kind, when=now)


def signs_matter(text: str, words: int, view: View) -> bool:
    """Whether a sign that is no word (an emoji) may be what the sentence is about: there is little beside it, or a
    name of this home has it. Signs are not read, and what is not read must not leave a wider order behind."""
    signs = {c for c in text if unicodedata.category(c) in ("So", "Cs", "Co")}
    if not signs:
        return False
    return words <= 2 or any(signs & set(name) for device in view.devices.values()
                             for name in (device.name, device.room, *device.aliases))


def _names_quoted(text: str, names: Names, language: str) -> bool:
    """Whether quotation marks stand only around names and titles of this home."""
    pieces = text.replace("”", '"').replace("“", '"').replace("„", '"').replace("«", '"').replace("»", '"').split('"')
    inside = ["".join(plain_words(piece, language)) for piece in pieces[1::2]]
    return len(pieces) % 2 == 1 and len(pieces) > 1 and all(
        one in names.found or one in names.titles or one in names.effects for one in inside)


def _all(parsed: Sequence[Clause], home: Home, now: float) -> Understood | None:
    """Every clause as a part, or nothing."""
    parts: list[Part] = []
    for clause in parsed:
        read = order(clause, home, now)
        if read is None:
            return None
        parts.append(read.part)
        home = replace(home, context=read.context)
    return Understood(tuple(parts), home.context or Context())


def _short(bits: Sequence[Bit], slots: Sequence[Slot]) -> int:
    """How many names were not taken whole: part of one was said, or a whole one was read as a mere noun."""
    named = [any(one.type == "device" and one.how == "full" for one in slot) for slot in slots]
    return sum((bit.type == "device" and bit.how != "full") or (bit.type == "kind" and whole)
               for bit, whole in zip(bits, named, strict=True))


_NAMED = frozenset({"title", "device", "room", "here", "in", "filler", "kind"})
_DEEDS = frozenset({"act", "trait", "number", "level", "color", "white", "effect", "title", "never"})


def _bare(slots: Sequence[Slot], polite: bool, grammar: Grammar) -> bool:
    """Light or music and no deed but a please or a "give": "some light in the kitchen, please"."""
    if polite and any(bit.type == "title" for slot in slots for bit in slot):
        return all(any(bit.type in _NAMED for bit in slot) for slot in slots)
    wanted = any(bit.type == "kind" and bit.how == "mass" and bit.value in ("light", "speaker")
                 for slot in slots for bit in (*slot, *grammar.phrase(slot[0].typed.casefold().split()[-1:])))
    gives = [slot[0].typed.casefold() in grammar.gives for slot in slots]
    bare = not any(bit.type in _DEEDS for slot, given in zip(slots, gives, strict=True) for bit in slot if not given)
    return wanted and bare and (polite or any(gives))


def _does(read: Understood | Miss) -> bool:
    """Whether a sentence is nothing but orders."""
    return isinstance(read, Understood) and _orders(read)


def _acts(read: Understood | Miss) -> bool:
    """Whether a sentence is nothing but orders and skills."""
    return isinstance(read, Understood) and all(isinstance(part, Do | RunSkill) for part in read.parts)


def _orders(read: Understood) -> bool:
    return all(isinstance(part, Do) for part in read.parts)


def _same(one: Understood, other: Understood) -> bool:
    return _effect(one) == _effect(other)


def _effect(read: Understood) -> object:
    if _orders(read):  # the order in which devices are told is nothing that a person could mean
        return {(one.device, one.trait): one.value for part in read.parts if isinstance(part, Do)
                for one in part.commands}
    return read.parts


def _settle(found: Sequence[Understood]) -> Understood | None:
    """The one reading; a reading that acts beats refusals, and two that act differently are none."""
    acting = [read for read in found if _orders(read)]
    if len(acting) == 1:
        return acting[0]
    if acting:
        return None
    asking = [read for read in found if any(isinstance(part, Clarify) for part in read.parts)]
    rest = asking or list(found)
    return rest[0] if rest else None


def _finish(read: Understood, corrected: tuple[tuple[str, str], ...], start: Opening, home: Home) -> Understood | None:
    """All or nothing: one refused part refuses the whole; a mistyped risky order and a doubtful one do not act."""
    stops = [part for part in read.parts if not isinstance(part, Do)]
    if stops:
        return Understood((stops[0],), home.context or Context())
    orders = _agreed([part for part in read.parts if isinstance(part, Do)])
    if not orders or (corrected and any(_risky(one, home.view) for part in orders for one in part.commands)):
        return None
    if start.doubtful:
        about = home.words.join([part.about for part in orders])
        every = tuple(command for part in orders for command in part.commands)
        yes = home.words.say("ask.yes")
        asked = Clarify(home.words.say("ask.shall", about=about), (yes,), ((yes, every),))
        return Understood((asked,), home.context or Context())
    first, *more = orders
    return Understood((replace(first, corrected=corrected), *more), read.context)


_LIT = frozenset({"brightness", "color", "color_temperature", "effect"})


def _agreed(orders: Sequence[Do]) -> list[Do] | None:
    """Orders that tell no thing two things: one device picked out of a group later is left out of the group; what is
    told "on and off" is no order."""
    done: list[Do] = []
    for part in orders:
        now = {(command.device, command.trait): command.value for command in part.commands}
        now |= {(device, "on"): True for device, trait in list(now) if trait in _LIT}  # what is dimmed is on
        for at, before in enumerate(done):
            clash = [one for one in before.commands if now.get((one.device, one.trait), one.value) != one.value]
            if clash and not {one.device for one in part.commands} < {one.device for one in before.commands}:
                return None
            done[at] = replace(before, commands=tuple(one for one in before.commands if one not in clash))
        done.append(part)
    return done


def _risky(command: Command, view: View) -> bool:
    trait = view.devices[command.device].trait(command.trait)
    return trait is not None and trait.risk(command.value) is not Risk.FREE
