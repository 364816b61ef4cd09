"""The parts that every component is built of: a config that is read with care, topics to read, messages to send.

A builder (lights, air, doors, plain) reads a config and says with `Build` which traits there are, on which topic they
are told and what is published to set them. What is wrong with a config is Broken, in words, for that entity alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dobby.home.traits import Trait, Value
from dobby.wire.hass import Values, choices, cleaned, number
from dobby.wire.mqtt.template import Payload, TemplateProblem, check, fill, render

TOPIC_LIMIT = 512  # characters
NOTHING = ("", "None", "unknown", "null")  # what a device says when it has nothing to say


class Broken(ValueError):
    """A config that cannot be used; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to publish."""

    topic: str
    payload: str
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A topic that tells traits. read: values by trait, {} when the message says nothing; TemplateProblem when it
    makes no sense."""

    topic: str
    read: Callable[[Payload], Values]


Order = Callable[[Any], list[Message]]


class Config:
    """The settings of one entity, keys in full; every look at them checks the type."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    def __contains__(self, key: str) -> bool:
        return self.raw.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """A payload or a name; numbers and truth values as Home Assistant writes them."""
        raw = self.raw.get(key, default)
        if raw is None:
            return default
        if isinstance(raw, str | int | float):
            return str(raw)[:4096]
        raise Broken(f"{key} is no text")

    def topic(self, key: str) -> str:
        """A topic without wildcards, "" when there is none."""
        raw = self.raw.get(key)
        if raw is None or raw == "":
            return ""
        if not isinstance(raw, str) or len(raw) > TOPIC_LIMIT or any(c in raw for c in "+#\0"):
            raise Broken(f"{key} is no topic")
        return raw

    def number(self, key: str) -> float | None:
        """A number, None when it is not given."""
        if key not in self:
            return None
        value = number(self.raw[key])
        if value is None:
            raise Broken(f"{key} is no number")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        raw = self.raw.get(key, default)
        return raw if isinstance(raw, bool) else str(raw).casefold() in ("true", "1", "yes", "on")

    def options(self, key: str) -> tuple[str, ...]:
        """A list of short texts, cleaned and capped."""
        if key in self and not isinstance(self.raw[key], list):
            raise Broken(f"{key} is no list")
        return choices(self.raw.get(key))

    def template(self, *keys: str) -> str:
        """The first of these templates that is given, checked; "" when none is."""
        for key in keys:
            if key in self:
                try:
                    return check(self.text(key))
                except TemplateProblem as error:
                    raise Broken(f"{key}: {error}") from None
        return ""

    @property
    def qos(self) -> int:
        """0, 1 or 2."""
        return {1: 1, 2: 2}.get(int(number(self.raw.get("qos")) or 0), 0)


class Build:
    """What an entity turns out to have."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.traits: list[Trait] = []
        self.sources: list[Source] = []
        self.orders: dict[str, Order] = {}

    def message(self, topic: str, payload: str) -> Message:
        """A message as the config wants it sent."""
        return Message(topic, payload, self.config.qos, self.config.flag("retain"))

    def tells(self, topic: str, template: str, means: Callable[[str], Values]) -> bool:
        """`topic` tells what `means` makes of the rendered text; False when there is no topic."""
        if not topic:
            return False

        def read(payload: Payload) -> Values:
            text = render(template, payload)
            return {} if text in NOTHING else means(text)

        self.sources.append(Source(topic, read))
        return True

    def reads(self, topic: str, read: Callable[[Payload], Values]) -> bool:
        """`topic` tells what `read` makes of a whole message."""
        if topic:
            self.sources.append(Source(topic, read))
        return bool(topic)

    def has(self, trait: Trait, order: Order | None = None, *, told: bool = True) -> None:
        """The entity has this trait. Without an order it can only be read; what nothing tells cannot be read back."""
        if order is None and not told:
            return
        if order is None and trait.kind != "sensor":
            trait = Trait(trait.name, "sensor", trait.unit)
        elif order is not None:
            self.orders[trait.name] = order
            if not told:
                trait = trait.but(confirmed_by="-")
        self.traits.append(trait)

    def can(self, name: str, template: str, make: Callable[[Any], Any] = lambda value: value) -> Order | None:
        """Publishing `make(value)` on the topic under the key `name`, through a command template; None without one."""
        topic = self.config.topic(name)
        if not topic:
            return None

        def order(value: Value) -> list[Message]:
            said = make(value)
            return [self.message(topic, fill(template, {"value": said}) if template else plain(said))]

        return order

    def setting(self, trait: Trait, part: str, means: Callable[[str], Value], make: Callable[[Any], Any], *,
                state: str = "", command: str = "", templates: tuple[str, ...] = (),
                also: Callable[[Value], Values] = lambda _value: {}) -> None:
        """A trait that has the usual four keys: `<part>_state_topic` (told through `<part>_state_template`) and
        `<part>_command_topic` (through `<part>_command_template`). What shows only what was sent tells nothing. also:
        what a value says beside."""
        config = self.config
        topic, way = config.topic(state or f"{part}_state_topic"), command or f"{part}_command_topic"
        template = config.template(*templates or (f"{part}_state_template", f"{part}_value_template"))
        order = self.can(way, config.template(way.replace("_topic", "_template")), make)
        if topic and topic == config.topic(way):
            topic = ""
        told = self.tells(topic, template, lambda text: {trait.name: (value := means(text))} | also(value))
        self.has(trait, order, told=told)


def plain(value: Any) -> str:
    """A value as a payload: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def measured(text: str) -> float:
    """A number that a device told; TemplateProblem when it is none."""
    value = number(text)
    if value is None:
        raise TemplateProblem("it tells a number that is none")
    return value


def one_of(words: Mapping[str, Value]) -> Callable[[str], Value]:
    """What a word means; TemplateProblem for one that is not known."""

    def means(text: str) -> Value:
        if text not in words:
            raise TemplateProblem(f"it tells {cleaned(text, 40)!r}, which is not known")
        return words[text]

    return means
