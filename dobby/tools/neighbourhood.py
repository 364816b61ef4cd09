"""What is on the network, in words: a short list by room and kind, what is new, and why Dobby believes it."""

from __future__ import annotations

from datetime import timedelta

from dobby.discovery.hosts import SURE, Host
from dobby.tools.fence import clean
from dobby.tools.hands import Hands
from dobby.tools.learn import offer_foreign

SHOWN = 8  # of each sort in one text
NEWS = timedelta(days=7)
FIRST_WORDS = 3  # things named in the text that goes ahead of the list


def listing(hands: Hands) -> str:
    """Everything that was seen: part of the home, could be driven (and what that needs), the rest."""
    words, scout = hands.house.words, hands.house.scout
    hosts = sorted(scout.hosts(), key=lambda one: (one.room or "~", one.kind(), one.name().casefold()))
    driven = [one for one in hosts if scout.linked(one)]
    could = [one for one in hosts if one not in driven and one.make]
    rest = [one for one in hosts if one not in driven and one not in could]
    if not hosts:
        return words.say("find.nothing_at_all")
    hands.taint()
    lines = []
    for key, some in (("net.driven", driven), ("net.could", could), ("net.rest", rest)):
        if some:
            shown = [f"- {called(hands, one, needs=key == 'net.could')}" for one in some[:SHOWN]]
            more = [f"- {words.say('net.more', count=len(some) - SHOWN)}"] if len(some) > SHOWN else []
            lines += [words.say(key), *shown, *more]
    if rest:
        lines.append(words.say("net.ask", host=rest[0].address))
    return "\n".join(lines)


def called(hands: Hands, host: Host, *, needs: bool = False) -> str:
    """One host in few words: what it is, its name or place, its address where nothing else tells it apart."""
    words = hands.house.words
    what = host.what() or words.say("net.unknown")
    name = clean(host.name(), 40)
    place = host.room or ("" if not name or name.casefold() in what.casefold() else f"“{name}”")
    text = f"{what} ({place})" if place else what
    if not place or not host.make:
        text = f"{text} {words.say('net.at', host=host.address)}"
    if needs and host.needs in ("button", "pin", "login"):
        text = f"{text}, {words.say(f'net.needs_{host.needs}')}"
    return text


def first_words(hands: Hands) -> str:
    """What is said while the rest is still being looked at; "" when nothing was seen yet."""
    sure = [one for one in hands.house.scout.hosts() if one.make][:FIRST_WORDS]
    if not sure:
        return ""
    hands.taint()
    return hands.house.words.say("net.first", things=hands.house.words.join([called(hands, one) for one in sure]))


async def news(hands: Hands) -> str:
    """What came to the network in the last days, and a recipe from elsewhere that waits for a yes."""
    words = hands.house.words
    fresh = await hands.house.scout.new_since(hands.house.clock.now() - NEWS)
    brought = await offer_foreign(hands)
    if not fresh:
        return brought or words.say("net.no_news")
    hands.taint()
    told = words.say("net.news", things=words.join([called(hands, one) for one in fresh[:SHOWN]]))
    return f"{told} {brought}".strip()


def why(hands: Hands, host: Host) -> str:
    """The reasons for taking a host for what it is, the best first."""
    words = hands.house.words
    found = host.evidence()[:4]
    if not found:
        return words.say("net.no_reason", host=host.address)
    hands.taint()
    reasons = "; ".join(words.say("net.reason", sure=words.say(f"net.sure_{_level(one.strength)}"), how=one.how,
                                  shown=clean(one.shown, 60)) for one in found)
    return words.say("net.because", host=host.address, what=found[0].what, reasons=reasons)


def _level(strength: int) -> str:
    return SURE[strength].rpartition(" ")[2]


def fitting(hands: Hands, what: str) -> list[Host]:
    """Hosts that no driver knows and whose name or nature fits the words of a search."""
    spoken = [word.rstrip("s") for word in what.casefold().split() if len(word) > 2]
    return [one for one in hands.house.scout.hosts() if not one.make and spoken and all(
        word in f"{one.what()} {' '.join(one.names)} {one.vendor}".casefold() for word in spoken)]
