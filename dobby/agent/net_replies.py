"""Answers about the network: what an address is, what is new, why Dobby believes it, and letting a device go."""

from __future__ import annotations

from dobby.agent.meaning import Network
from dobby.home.device import Command
from dobby.home.verdict import FORGET, Choice
from dobby.tools.hands import Hands
from dobby.tools.learn import offer_to_learn


async def network(hands: Hands, part: Network) -> str:
    """Answer one question about the network."""
    match part.verb:
        case "what_is" | "learn":
            return await _look_at(hands, part.address)
        case "forget":
            return await _forget(hands, part.device)
    return ""


async def _look_at(hands: Hands, address: str) -> str:
    """What is at an address: a device of the home, one that a driver knows, or one to learn."""
    words, house = hands.house.words, hands.house
    if house.learner is None:
        return words.say("learn.no_network")
    offers = [one for one in await house.scout.look("") if one.host == address]
    if offers:
        from dobby.agent.replies import told_of

        return await told_of(hands, offers, ask=True)
    studied = await house.learner.study(address)
    if studied is None:
        return words.say("learn.outside", host=address)
    if studied.draft is None and house.learner.ask_model is not None and (
            studied.seen.pages or studied.seen.sockets or studied.seen.banners):
        studied = await house.learner.ask_model(studied, hands) or studied
    return await offer_to_learn(hands, studied)


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
