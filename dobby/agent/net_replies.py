"""Answers about the network: what an address is, what is new, why Dobby believes it, and letting a device go."""

from __future__ import annotations

from collections.abc import Mapping

from dobby.agent.eye_talk import plain
from dobby.agent.meaning import Network
from dobby.home.device import Command
from dobby.home.verdict import FORGET, Choice
from dobby.learning.guess import place_of
from dobby.tools.hands import Hands
from dobby.tools.learn import offer_to_learn
from dobby.tools.neighbourhood import news, why


async def network(hands: Hands, part: Network) -> str:
    """Answer one question about the network."""
    match part.verb:
        case "what_is" | "learn":
            return await look_at(hands, part.address)
        case "news":
            return await news(hands)
        case "why":
            return _why(hands, part)
        case "forget":
            return await _forget(hands, part.device)


def _why(hands: Hands, part: Network) -> str:
    """The reasons for what was said of a host: of the one named, of the first that is taken for what is named, else of
    the one looked at last."""
    hosts = hands.house.scout.hosts()
    named = [one for one in hosts if one.address == (part.address or hands.house.looked_at)]
    if part.what and not part.address:
        named = [one for one in hosts if set(part.what.split()) <= set(plain(one.what()))] or named
    return why(hands, named[0]) if named else hands.house.words.say("why.nothing")


async def look_at(hands: Hands, address: str) -> str:
    """What is at an address: a device of the home, one that a driver knows, or one to learn."""
    words, house, person = hands.house.words, hands.house, hands.asker.person
    if person is None or person.role == "guest":
        return words.say("policy.guest")
    if house.learner is None:
        return words.say("learn.no_network")
    house.looked_at = address
    if not any(one.address == address for one in house.scout.hosts()):
        await house.scout.look("")
    elif not any(one.host == address for one in house.scout.found()):
        await house.scout.ask(address)
    offers = [one for one in house.scout.found() if one.host == address]
    if offers:
        from dobby.agent.replies import told_of

        return await told_of(hands, offers, ask=True)
    key = house.scout.key_at(address)
    names = [one.name for id_, one in house.home.devices.items() if key and (id_ == key or id_.startswith(f"{key}/"))]
    if names:
        return words.say("find.here_already_no_room", what=words.join([f"“{name}”" for name in names[:5]]))
    host = next((one for one in house.scout.hosts() if one.address == address), None)
    facts = {key: value for one in (host.sightings.values() if host else ()) for key, value in one.facts.items()}
    named = {"name": host.name(), "service": " ".join(kind for _, kind, _ in host.sightings)} if host else {}
    studied = await house.learner.study(address, sorted(host.ports) if host else (), mac=host.mac if host else "",
                                        facts={**named, **facts}, more=_places(facts))
    if studied is None:
        return words.say("learn.outside", host=address)
    if studied.draft is None and house.learner.ask_model is not None and (
            studied.seen.pages or studied.seen.sockets or studied.seen.banners):
        studied = await house.learner.ask_model(studied, hands) or studied
    return await offer_to_learn(hands, studied)


def _places(facts: Mapping[str, str]) -> list[tuple[int, str]]:
    """Where the device itself said that it is described."""
    return [place_of(facts["location"])] if facts.get("location", "").startswith("http://") else []


async def _forget(hands: Hands, device: str) -> str:
    words, house = hands.house.words, hands.house
    if not device:
        return words.say("learn.forget_which")
    person = hands.asker.person
    if person is None or person.role != "owner":
        return words.say("policy.guest")
    name = house.home.devices[device].name
    text = words.say("learn.forget_ask", name=name)
    await hands.offer(text, [Choice(name, (Command(device, FORGET, None),))])
    return text
