"""From chosen meanings to clauses: what is to be done, to what, and what is left out of it. Full cover or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dobby.agent.grammar import Bit


@dataclass(frozen=True, slots=True)
class Mention:
    """One thing spoken of. `missing` is what the home does not have, as it was typed."""

    devices: tuple[str, ...] = ()
    how: str = ""  # full, kind, room or both: how much of the device's name was said
    called: str = ""
    rooms: tuple[str, ...] = ()
    floor: str = ""
    kind: str = ""
    count: str = ""  # one, many or mass
    noun: str = ""  # the kind's noun as typed
    everything: bool = False
    home: bool = False
    here: bool = False
    it: bool = False
    missing: str = ""
    missing_place: str = ""
    trails: bool = False  # its place was said after it: "the lights in the study"

    @property
    def empty(self) -> bool:
        """Whether nothing was spoken of."""
        return self == Mention()

    @property
    def place_only(self) -> bool:
        """Whether only a place was named."""
        return bool(self.rooms or self.floor or self.here) and not (self.devices or self.kind or self.everything
                                                                     or self.missing or self.missing_place)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a clause wants done, still in the words' own terms."""

    acts: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    number: float | None = None
    unit: str = ""
    relation: str = ""  # to, by, at or till: the word in front of the number
    level: float | str | None = None
    white: float | None = None
    color: str = ""
    size: str = ""  # little or lot
    title: str = ""
    effect: str = ""
    something: bool = False
    again: bool = False
    carrier: bool = False
    holds: bool = False  # "leave": with a number an order, with "on" none

    @property
    def valued(self) -> bool:
        """Whether it holds a value."""
        return (self.number is not None or self.level is not None or self.white is not None
                or bool(self.color or self.effect or self.title))

    @property
    def empty(self) -> bool:
        """Whether it says nothing of what to do (a carrier such as "turn" alone does not)."""
        return not (self.acts or self.valued or self.size)


@dataclass(slots=True)
class Segment:
    """A stretch between two "and"s."""

    deed: Deed = field(default_factory=Deed)
    mention: Mention = field(default_factory=Mention)
    excepted: list[Mention] = field(default_factory=list)
    ends_excepted: bool = False
    deed_last: bool = False
    opposed: bool = False  # after a "but" it must say what is to be done


@dataclass(frozen=True, slots=True)
class Clause:
    """One deed with everything it is done to."""

    deed: Deed
    mentions: tuple[Mention, ...]
    excepted: tuple[Mention, ...] = ()


class _No(Exception):
    """These meanings do not make a sentence."""


_SILENT = frozenset({"filler", "in", "ask", "one", "but"})


def clauses(bits: Sequence[Bit], combine: Mapping[frozenset[str], str]) -> tuple[Clause, ...] | None:
    """The clauses of a sentence, None where the meanings do not fit together."""
    if not bits or any(bits[end].type == "and" and bits[end].typed.isalpha() for end in (0, -1)):
        return None
    try:
        segments = [segment for stretch in _stretches(bits) if (segment := _segment(stretch))]
        before = [Segment(), *segments]
        pairs = zip(before, segments, strict=False)
        if any(one.opposed and (one.deed.empty or last.deed.empty) for last, one in pairs):
            raise _No
        for segment in segments:
            if act := combine.get(frozenset(segment.deed.acts)):
                segment.deed = replace(segment.deed, acts=(act,))
        return tuple(_join(segments)) or None
    except _No:
        return None


def _stretches(bits: Sequence[Bit]) -> Iterable[list[Bit]]:
    now: list[Bit] = []
    grouping = any(bit.type == "act" and bit.value == "group" for bit in bits)
    for bit in bits:
        if bit.type in ("and", "but"):
            yield now
            now = [bit] if bit.type == "but" else []
        elif grouping and bit.type in ("device", "room") and any(one.type in ("device", "room") for one in now):
            yield now
            now = [bit]
        else:
            now.append(bit)
    yield now


def _segment(bits: list[Bit]) -> Segment | None:
    if not any(bit.type not in ("filler",) for bit in bits):
        return None
    said = [bit.typed.casefold() for bit in bits if bit.type == "act"]
    if len(set(said)) < len(said):
        raise _No  # "spiel ein Spiel": the same word twice is not the same word
    segment = Segment(opposed=bits[0].type == "but")
    ensured = any(bit.type == "ensure" for bit in bits)
    excepting = False
    relation = ""
    numbered = leaving = False
    for bit in bits:
        kind = bit.type
        if kind == "be" and not ensured:
            raise _No
        if kind == "unit":
            if not numbered:
                raise _No
            segment.deed = replace(segment.deed, unit=bit.value)
        elif kind in ("except", "leave"):
            excepting, leaving = True, kind == "leave"
            segment.excepted.append(Mention())
        elif leaving and excepting and kind == "act" and bit.value == "on":
            leaving = False  # "but leave the lamp on": what is left out stays as it is
        elif kind in ("to", "by", "at", "till"):
            relation = kind
        elif kind in _SILENT or kind in ("be", "ensure"):
            pass
        elif kind == "number":
            segment.deed = _number(segment.deed, bit, relation)
            excepting, segment.deed_last = False, True
        elif _of_deed(bit):
            segment.deed = _deed(segment.deed, bit)
            excepting = excepting and kind in ("carrier", "hold")
            segment.deed_last = kind not in ("carrier", "hold")
        elif excepting and not (kind == "all" and not segment.excepted[-1].empty):
            segment.excepted[-1] = _mention(segment.excepted[-1], bit)
            segment.deed_last = False
        else:
            excepting = False
            segment.mention = _mention(segment.mention, bit)
            segment.deed_last = False
        numbered = kind == "number"
        relation = relation if kind in ("to", "by", "at", "till", "filler", "one") else ""
        segment.ends_excepted = excepting
    if any(one.empty for one in segment.excepted):
        raise _No
    return segment


_DEED = frozenset({"act", "carrier", "trait", "level", "white", "color", "little", "lot", "title", "effect",
                   "something", "again", "hold"})


def _of_deed(bit: Bit) -> bool:
    return bit.type in _DEED


def _number(deed: Deed, bit: Bit, relation: str) -> Deed:
    if deed.number is not None:
        raise _No
    return replace(deed, number=bit.value, relation=relation)


def _deed(deed: Deed, bit: Bit) -> Deed:
    match bit.type:
        case "act":
            return deed if bit.value in deed.acts else replace(deed, acts=(*deed.acts, bit.value))
        case "trait":
            return deed if bit.value in deed.traits else replace(deed, traits=(*deed.traits, bit.value))
        case "carrier" | "hold":
            return replace(deed, carrier=True, holds=deed.holds or bit.type == "hold")
        case "little" | "lot":
            return replace(deed, size=bit.type)
        case "something":
            return replace(deed, something=True)
        case "again":
            return replace(deed, again=True)
    if getattr(deed, bit.type) not in (None, ""):
        raise _No
    return replace(deed, **{bit.type: bit.value})


def _mention(mention: Mention, bit: Bit) -> Mention:
    match bit.type:
        case "device" if not mention.devices:
            return replace(mention, devices=bit.value, how=bit.how, called=bit.typed)
        case "room" if not mention.rooms:
            return replace(mention, rooms=(bit.value,), trails=bool(mention.kind))
        case "floor" if not mention.floor:
            return replace(mention, floor=bit.value, trails=bool(mention.kind))
        case "kind" if not mention.kind or (mention.kind == bit.value and mention.count == "mass"):
            return replace(mention, kind=bit.value, count=bit.how, noun=bit.typed)
        case "place kind" if not mention.rooms and not mention.kind:
            return replace(mention, rooms=(bit.value[0],), kind=bit.value[1], count=bit.how, noun=bit.typed)
        case "named kind" if not mention.devices and not mention.kind:
            return replace(mention, devices=bit.value[0], how=bit.how, kind=bit.value[1], called=bit.typed)
        case "absent kind" if not mention.kind:
            return replace(mention, missing_place=bit.value[0], kind=bit.value[1], noun=bit.typed)
        case "place" if not mention.missing_place:
            return replace(mention, missing_place=bit.typed)
        case "thing" if not mention.missing:
            return replace(mention, missing=bit.typed)
        case "all":
            return replace(mention, everything=True)
        case "home":
            return replace(mention, home=True)
        case "here":
            return replace(mention, here=True)
        case "it":
            return replace(mention, it=True)
    raise _No


def mentioned(bits: Iterable[Bit]) -> Mention | None:
    """What these meanings speak of together, None where they do not fit."""
    mention = Mention()
    try:
        for bit in bits:
            mention = _mention(mention, bit)
    except _No:
        return None
    return mention


def _join(segments: list[Segment]) -> list[Clause]:
    """Give every segment that names things only to the deed it belongs to, before it or after."""
    done: list[Clause] = []
    waiting: list[Mention] = []
    carried = False
    after: list[Mention] = []  # an exception in front of the deed: "except the porch, everything off"
    last: Segment | None = None
    for segment in segments:
        things = [] if segment.mention.empty else [segment.mention]
        if segment.deed.empty:
            if segment.deed.traits or segment.deed.something:
                raise _No
            if last is not None and last.ends_excepted and things and not segment.deed.carrier:
                done[-1] = replace(done[-1], excepted=(*done[-1].excepted, *things, *segment.excepted))
                continue
            if last is not None and not last.deed_last and not segment.deed.carrier and not waiting:
                done[-1] = _more(done[-1], things, segment.excepted)
                continue
            if (waiting and segment.deed.carrier) or not (things or segment.excepted or segment.deed.carrier):
                raise _No
            waiting += things
            after += segment.excepted
            carried = carried or segment.deed.carrier
            continue
        if (carried and segment.deed.carrier) or (carried and not waiting):
            raise _No
        if segment.deed.title and not segment.deed.acts and last is not None and "play" in last.deed.acts:
            segment.deed = replace(segment.deed, acts=("play",))
        if done and not waiting and last is not None and _value_for(last.deed, segment.deed) and not last.deed_last:
            done[-1] = Clause(_filled(last.deed, segment.deed), (*done[-1].mentions, *things), done[-1].excepted)
        else:
            done.append(Clause(segment.deed, (*waiting, *things), (*after, *segment.excepted)))
        waiting, after, carried = [], [], False
        last = segment
    if waiting or after:
        done.append(_trailing(done, waiting, after, carried))
    return [replace(one, mentions=_inherit(one.mentions)) for clause in done for one in _apart(clause)]


def narrowed(parsed: Sequence[Clause]) -> tuple[Clause, ...] | None:
    """The clauses with the place at the very end of the sentence taken for all of it: "close the shades and turn off
    the lights in the study" means the study's shades too. None where no place stands there, or nothing is left to
    narrow."""
    last = parsed[-1].mentions[-1] if parsed and parsed[-1].mentions else Mention()
    if not last.trails:
        return None

    def here(mention: Mention) -> Mention:
        wide = mention.kind and not (mention.rooms or mention.floor or mention.here or mention.devices
                                     or mention.missing_place or mention.home or mention.it)
        return replace(mention, rooms=last.rooms, floor=last.floor) if wide else mention
    done = tuple(replace(clause, mentions=tuple(map(here, clause.mentions))) for clause in parsed)
    return done if done != tuple(parsed) else None


def _apart(clause: Clause) -> list[Clause]:
    """ "play jazz at volume 20" is two deeds: the volume first, so that nothing blares."""
    deed = clause.deed
    loud = deed.traits == ("volume",) or (not deed.traits and (deed.unit == "percent" or deed.level is not None))
    valued = deed.number is not None or deed.level is not None
    if not deed.title or not loud or not valued or not set(deed.acts) <= {"play", "on"}:
        return [clause]
    volume = Deed(traits=("volume",), number=deed.number, unit=deed.unit, relation=deed.relation, level=deed.level)
    play = replace(deed, acts=("play",), traits=(), number=None, unit="", relation="", level=None)
    return [replace(clause, deed=volume), replace(clause, deed=play)]


def _more(clause: Clause, things: list[Mention], excepted: list[Mention]) -> Clause:
    return replace(clause, mentions=(*clause.mentions, *things), excepted=(*clause.excepted, *excepted))


def _trailing(done: list[Clause], waiting: list[Mention], excepted: list[Mention], carried: bool) -> Clause:
    if carried or not done:
        raise _No
    return _more(done.pop(), waiting, excepted)


def _value_for(verb: Deed, value: Deed) -> bool:
    """Whether a value that comes later completes an earlier verb: "dim the kitchen and the study to 30"."""
    lone = not verb.valued and bool(verb.acts) and verb.acts[0] in ("dim", "up", "down", "brighter", "dimmer")
    return lone and value.valued and not value.acts and not value.carrier


def _filled(verb: Deed, value: Deed) -> Deed:
    return replace(value, acts=verb.acts, traits=verb.traits or value.traits, carrier=verb.carrier)


def _inherit(mentions: tuple[Mention, ...]) -> tuple[Mention, ...]:
    """A bare place takes the kind of its neighbour that has a place too: "kitchen and study lights"."""
    done = list(mentions)
    for at, one in enumerate(done):
        if one.place_only:
            before = done[at - 1] if at else Mention()
            later = next((other for other in done[at + 1 :] if not other.place_only), Mention())
            giver = before if before.kind and not before.devices else later
            if giver.kind and not giver.devices and (giver is before or giver.rooms or giver.floor):
                done[at] = replace(one, kind=giver.kind, count="many", noun=giver.noun)
    return tuple(done)
