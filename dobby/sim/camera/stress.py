"""What disturbs a camera without anybody being there: weather, light and the camera's own doings. Pure.

A stress is a function (moment, seconds, light) -> (light, weather): how light and weather are at that moment of an
event that lasts that long and whose usual light is given.
"""

import math
import random
from collections.abc import Callable
from dataclasses import replace

from .cast import Insect, Light, Weather

Stress = Callable[[float, float, Light], tuple[Light, Weather]]


def _fade(moment: float, seconds: float, edge: float = 2.0) -> float:
    """0 at both ends, 1 in between."""
    return max(0.0, min(1.0, moment / edge, (seconds - moment) / edge))


def _clouds(rng: random.Random) -> Stress:
    start, speed = rng.uniform(0, 1), rng.uniform(0.05, 0.09)

    def stress(moment: float, seconds: float, light: Light) -> tuple[Light, Weather]:
        return light, Weather(clouds=start + speed * moment, cloud_depth=0.55 * _fade(moment, seconds, 4.0))

    return stress


def _dusk(_rng: random.Random) -> Stress:
    def stress(moment: float, seconds: float, light: Light) -> tuple[Light, Weather]:
        share = min(1.0, moment / seconds)
        if light.infrared:
            return light, Weather()
        gain = light.gain + (0.42 - light.gain) * share
        warmth, noise = (was + (end - was) * share for was, end in ((light.warmth, 0.12), (light.noise, 4.5)))
        return Light(gain, warmth, False, noise), Weather()

    return stress


def _infrared_switch(_rng: random.Random) -> Stress:
    def stress(moment: float, _seconds: float, light: Light) -> tuple[Light, Weather]:
        if moment < 1.5:
            return replace(light, gain=light.gain * (1 - 0.3 * moment)), Weather()
        if moment < 1.9:  # the filter swings and the exposure is wrong for a moment
            return light, Weather(flash=0.8 - abs(moment - 1.7) * 1.5)
        return replace(light, gain=light.gain * (1 + 0.35 * max(0.0, 3.2 - moment) / 1.3)), Weather()

    return stress


def _rain(rng: random.Random) -> Stress:
    heavy = rng.uniform(0.5, 1.0)

    def stress(moment: float, seconds: float, light: Light) -> tuple[Light, Weather]:
        share = _fade(moment, seconds)
        return replace(light, gain=light.gain * (1 - 0.18 * share)), Weather(rain=heavy * share)

    return stress


def _shake(rng: random.Random) -> Stress:
    reach = rng.uniform(0.003, 0.005)
    tones = [(rng.uniform(1.1, 4.3), rng.uniform(0, math.tau)) for _ in range(6)]

    def stress(moment: float, seconds: float, light: Light) -> tuple[Light, Weather]:
        waves = [math.sin(math.tau * speed * moment + phase) for speed, phase in tones]
        share = reach * _fade(moment, seconds, 1.0)
        return light, Weather(shake=(share * sum(waves[:3]) / 1.5, share * sum(waves[3:]) / 1.1))

    return stress


def _insects(rng: random.Random) -> Stress:
    flights = [(at + rng.uniform(0, 1.2), rng.uniform(0.3, 0.8), rng.choice((-1, 1)), rng.uniform(0.1, 0.8),
                rng.uniform(-0.4, 0.4), rng.uniform(0.015, 0.05)) for at in range(1, 14, 2)]  # fmt: skip

    def stress(moment: float, _seconds: float, light: Light) -> tuple[Light, Weather]:
        seen = []
        for began, lasts, way, y, climb, radius in flights:
            share = (moment - began) / lasts
            if 0 <= share <= 1:
                x = share if way > 0 else 1 - share
                wobble = 0.03 * math.sin(share * 17)
                seen.append(Insect(x * 1.1 - 0.05, y + climb * share + wobble, radius, light.infrared))
        return light, Weather(insects=tuple(seen))

    return stress


def _headlights(rng: random.Random) -> Stress:
    ways = [(at + rng.uniform(0, 1.0), rng.uniform(1.6, 2.8), rng.choice((-1, 1)), rng.uniform(0.42, 0.56))
            for at in (0.5, 5.0)]  # fmt: skip

    def stress(moment: float, _seconds: float, light: Light) -> tuple[Light, Weather]:
        for began, lasts, way, y in ways:
            share = (moment - began) / lasts
            if 0 <= share <= 1:
                x = share if way > 0 else 1 - share
                power = math.sin(math.pi * share) ** 0.6 * (0.85 if light.infrared else 0.3)
                return light, Weather(headlights=(x * 1.3 - 0.15, y, power))
        return light, Weather()

    return stress


def _sway(rng: random.Random) -> Stress:
    reach, speed = rng.uniform(0.008, 0.016), rng.uniform(0.5, 0.9)

    def stress(moment: float, seconds: float, light: Light) -> tuple[Light, Weather]:
        gust = 0.6 + 0.4 * math.sin(moment * 0.8)
        return light, Weather(sway=reach * gust * _fade(moment, seconds), sway_phase=speed * moment)

    return stress


def _black(_rng: random.Random) -> Stress:
    def stress(moment: float, seconds: float, light: Light) -> tuple[Light, Weather]:
        return light, Weather(cover=_fade(moment, seconds, 0.4) * 0.99)

    return stress


STRESSES: dict[str, Callable[[random.Random], Stress]] = {
    "clouds": _clouds, "dusk": _dusk, "infrared_switch": _infrared_switch, "rain": _rain, "shake": _shake,
    "insects": _insects, "headlights": _headlights, "sway": _sway, "black": _black,
}  # fmt: skip
