"""The broker and everything on it, on the network: discovery messages, states, commands, faults.

How a fault shows on MQTT, which knows no refusal: a dead thing is told off by its last will and hears nothing; a slow
one obeys late; one that lies or refuses tells its old state once more (and refusing says so on its error topic);
garbage goes where its states go. The broker's own faults hit every visitor, `lies` and `refuses` every thing on it.
"""

import asyncio
import json

from ..announce import Announcer, service
from ..door import Door, live_or_die
from ..house import HUB_ROOM, MQTT_PASSWORD, MQTT_USER
from ..ids import Ids
from ..net import Address
from ..store import Store
from ..things import Fault, State, Thing, check_words, rubbish, wait_while_slow, want_bool, want_number
from .broker import MqttServer
from .gadgets import BRIDGE, Gadget, Json, Message, NotMine
from .home import gadgets

HOMEWARD_SECONDS = 1.0  # a vacuum cleaner's way to its dock


class Hung:
    """One gadget on the broker: its state and its thing."""

    def __init__(self, gadget: Gadget, server: MqttServer, hub: Thing, store: Store) -> None:
        self._gadget, self._server, self._store, self._hub = gadget, server, store, hub
        self.state: State = gadget.start | store.get(f"mqtt/{gadget.key}", {})
        self._tasks: set[asyncio.Future[None]] = set()
        self.thing = Thing(gadget.key, gadget.name, gadget.room, "mqtt", gadget.kind, gadget.native_id,
                           lambda: dict(self.state), self.write, hub=hub.key, faulted=self.faulted)

    def appear(self) -> None:
        """Say what it is, that it is here, and how things stand."""
        for message in (*self._gadget.configs, (self._gadget.alive[0], self._gadget.alive[1])):
            self._say(message)
        self.tell()

    def tell(self) -> None:
        """Publish the state, unless nobody is there to tell it."""
        for topic, payload in () if self.thing.has("dead") else self._gadget.tells(self.state):
            if self.thing.has("garbage"):
                self._server.publish(topic, rubbish() or b"?", retain=False)
            else:
                self._say((topic, payload))

    def _say(self, message: Message) -> None:
        topic, payload = message
        self._server.publish(topic, payload if isinstance(payload, str) else json.dumps(payload))

    def hear(self, topic: str, said: str) -> None:
        """A command, if it is one of its own."""
        if topic in self._gadget.takes:
            task = asyncio.ensure_future(self._obey(topic, said))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _obey(self, topic: str, said: str) -> None:
        new = dict(self.state)
        try:
            self._gadget.takes[topic](new, said)
        except NotMine:
            return
        except (ValueError, TypeError, AttributeError):
            new = dict(self.state)  # it does not understand
        if self.thing.has("dead"):
            return
        if self.thing.has("slow"):
            await wait_while_slow(self.thing)
            self._gadget.takes[topic](new := dict(self.state), said)
        if any(one.has(name) for one in (self.thing, self._hub) for name in ("lies", "refuses")):
            if self.thing.has("refuses"):
                self._server.publish(f"{topic}/error", "refused", retain=False)
            self.tell()
        elif self.thing.has("garbage"):
            self.tell()
        else:
            self.become(new)

    def become(self, state: State) -> None:
        """The state is another now: keep it and tell it."""
        self.state = state
        self._store.put(f"mqtt/{self._gadget.key}", state)
        self.tell()
        if state.get("activity") == "returning":
            asyncio.get_running_loop().call_later(HOMEWARD_SECONDS, self._arrive)

    def _arrive(self) -> None:
        if self.state.get("activity") == "returning":
            self.become(self.state | {"activity": "docked"})

    def write(self, state: State) -> None:
        """Outside hands."""
        check_words(state, self.state)
        self.become(self.state | {word: self._wanted(state, word) for word in state} | self._along(state))

    def _wanted(self, state: State, word: str) -> object:
        limits = self._gadget.ranges.get(word)
        if limits is None:
            return want_bool(state, word)
        if isinstance(limits[0], str):
            if state[word] not in limits:
                raise ValueError(f"'{word}' is one of {', '.join(map(str, limits))}, not {state[word]!r}")
            return state[word]
        low, high = limits
        return want_number(state, word, float(low), float(high))

    def _along(self, state: State) -> Json:
        """What goes with it: a vacuum cleaner's activity and its task are one."""
        doing = {"clean": "cleaning", "pause": "paused", "dock": "docked"}
        if "task" in state:
            return {"activity": doing[state["task"]]} if state["task"] in doing else {}
        if "activity" in state and "task" in self.state:
            return {"task": {"cleaning": "clean", "paused": "pause"}.get(state["activity"], "dock")}
        return {}

    async def faulted(self, fault: Fault | None) -> None:
        """A dead one is told off by its last will; any other, and a healed one, is here and tells how things stand."""
        topic, here, gone = self._gadget.alive
        dead = fault is not None and fault.name == "dead"
        self._say((topic, gone if dead else here))
        self.tell()


async def open_mqtt(address: Address, ids: Ids, store: Store, announcer: Announcer) -> tuple[Door, list[Thing]]:
    """Start the broker with everything on it."""
    server = MqttServer(MQTT_USER, MQTT_PASSWORD)
    door = Door(server, address)
    label = f"mosquitto-{ids.tag()}"
    info = service("_mqtt._tcp", label, label, address, {})

    async def faulted(fault: Fault | None) -> None:
        await live_or_die(fault, door, announcer, info)

    hub = Thing("mqtt_broker", "MQTT Broker", HUB_ROOM, "mqtt", "hub", label,
                lambda: {"visitors": len(server.visitors)}, faulted=faulted)
    server.thing = hub
    hung = [Hung(gadget, server, hub, store) for gadget in gadgets(ids)]

    def heard(topic: str, said: str) -> None:
        for one in hung:
            one.hear(topic, said)

    server.listen(heard)
    await door.open()
    server.publish(BRIDGE[0], json.dumps(BRIDGE[1]))
    for one in hung:
        one.appear()
    await server.settled()
    await announcer.add(info)
    return door, [hub, *(one.thing for one in hung)]
