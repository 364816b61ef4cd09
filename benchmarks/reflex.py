"""How long a sentence takes to read with 10, 100 and 1,000 devices, understood and not; prints JSON lines."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from dobby.agent.reflex import Miss, Reflex
from dobby.home.device import Device, Room
from dobby.home.traits import Value
from dobby.home.vocabulary import BRIGHTNESS, ON

HITS = ("turn off the {room} lights", "set {name} to 40%", "{room} lights on and {name} off", "turn off everything",
        "make the {room} a bit brighter", "is {name} on?", "dim the lamps in the {room} to 20 percent")
MISSES = ("please order a pizza with extra cheese for tonight", "don't turn off the {room} lights",
          "turn the {room} lights off in ten minutes", "what do you think about the weather in the {room}",
          "write me a long poem about the {room} and the people who live there", "the {room} is too bright for me")


@dataclass(frozen=True, slots=True)
class Home:
    """A home of n lamps in n / 5 rooms, all lit at half."""

    devices: dict[str, Device]
    rooms: dict[str, Room]

    def value(self, device: str, trait: str) -> Value:
        """Lit at half."""
        return 50 if trait == "brightness" else True

    def reachable(self, device: str) -> bool:
        """Always."""
        return True


def home(count: int) -> Home:
    """A home of that many lamps."""
    kinds = ("Kitchen", "Parlour", "Attic", "Chamber", "Hall")
    rooms = [f"{word} {number}" for number in range(1, 41) for word in kinds]
    rooms = rooms[: max(2, count // 5)]
    lamps = [Device(f"l{at}", f"Beacon {at} Olga", "light", rooms[at % len(rooms)], "hue", (ON, BRIGHTNESS))
             for at in range(count)]
    return Home({lamp.id: lamp for lamp in lamps}, {room: Room(room) for room in rooms})


def measure(reflex: Reflex, here: Home, sentences: Sequence[str], *, miss: bool) -> dict[str, float]:
    """Milliseconds per sentence: median and the slowest of the medians by sentence."""
    lamp = next(iter(here.devices.values()))
    said = [sentence.format(room=lamp.room, name=lamp.name) for sentence in sentences]
    by_sentence = []
    for one in said:
        assert isinstance(reflex.read(one, here, None, now=0.0), Miss) is miss, one
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            reflex.read(one, here, None, now=0.0)
            times.append((time.perf_counter() - begin) * 1000)
        by_sentence.append(statistics.median(times))
    return {"median_ms": round(statistics.median(by_sentence), 3), "slowest_ms": round(max(by_sentence), 3)}


def main() -> None:
    """One JSON line per size, and one with the ratios of 1,000 to 10."""
    found: dict[int, dict[str, dict[str, float]]] = {}
    for count in (10, 100, 1000):
        reflex, here = Reflex("en", []), home(count)
        begin = time.perf_counter()
        reflex.warm(here)
        warm = (time.perf_counter() - begin) * 1000
        found[count] = {"hit": measure(reflex, here, HITS, miss=False),
                        "miss": measure(reflex, here, MISSES, miss=True)}
        print(json.dumps({"benchmark": "reflex", "devices": count, "warm_ms": round(warm, 1), **found[count]}))
    print(json.dumps({"benchmark": "reflex", "ratio_1000_to_10": {
        kind: round(found[1000][kind]["median_ms"] / found[10][kind]["median_ms"], 2) for kind in ("hit", "miss")}}))


if __name__ == "__main__":
    main()
