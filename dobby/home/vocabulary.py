"""The vocabulary: every trait that drivers speak of, with its unit, range and risk. They live here and nowhere else.

Names follow Matter and Google Home where those have one. Core units: brightness, volume, position, tilt and speed
0..100 %, temperature in degrees Celsius, color temperature in kelvin, color as CIE 1931 xy, power W, energy kWh. A
driver takes a row as it is, or `.but(...)` with the device's own range and choices; some rows are another for some
kinds of device (the water of a spa may be warmer than a room), see `known`.
"""

from __future__ import annotations

from collections.abc import Mapping

from dobby.home.traits import Risk, Trait

# light, plugs, anything that is on or off
ON = Trait("on", "switch")
CHANGING = Trait("changing", "sensor")  # between two states: a pump that runs on, a lamp that warms up
BRIGHTNESS = Trait("brightness", "number", "%", 0, 100, tolerance=1.5)
COLOR_TEMPERATURE = Trait("color_temperature", "number", "K", 1500, 9000, 50, tolerance=60)
COLOR = Trait("color", "color", tolerance=0.02)
EFFECT = Trait("effect", "choice")

# music and television
PLAYING = Trait("playing", "switch")
PLAY = Trait("play", "action")  # reads as the favourite or URI that plays now, "" while nothing does
NEXT = Trait("next", "action", confirmed_by="track")
PREVIOUS = Trait("previous", "action", confirmed_by="track")
VOLUME = Trait("volume", "number", "%", 0, 100, free_up_to=60)
MUTED = Trait("muted", "switch")
GROUP = Trait("group", "choice")
SOURCE = Trait("source", "choice")  # an input, or an application of a television
KEY = Trait("key", "choice", confirmed_by="-")  # a button of its remote control
TITLE = Trait("title", "sensor")
TRACK = Trait("track", "sensor")
URI = Trait("uri", "sensor")

# doors and security
LOCKED = Trait("locked", "switch", risks=((False, Risk.SECURE),), travels="moving")
JAMMED = Trait("jammed", "sensor")
OPEN = Trait("open", "switch", risks=((True, Risk.SECURE),), travels="moving")  # a garage door or a gate
ARMED = Trait("armed", "choice", choices=("disarmed", "home", "away", "night"),
              risks=(("disarmed", Risk.SECURE),), travels="arming")
ARMING = Trait("arming", "sensor")  # its exit delay runs
TRIGGERED = Trait("triggered", "sensor")  # an alarm that sounds

# shades
POSITION = Trait("position", "number", "%", 0, 100, tolerance=2, travels="moving")  # 100 = open
TILT = Trait("tilt", "number", "%", 0, 100, tolerance=4, travels="moving")  # 0 = slats closed, 100 = level
MOVING = Trait("moving", "sensor")
STOP = Trait("stop", "action", confirmed_by="moving", confirmed_as=False)

# heating, cooling, air
MODE = Trait("mode", "choice", choices=("off", "heat", "cool", "auto", "dry", "fan"))
TARGET = Trait("target", "number", "°C", 5, 30, 0.5, tolerance=0.3, free_up_to=24)
TARGET_LOW = Trait("target_low", "number", "°C", 5, 30, 0.5, tolerance=0.3, free_up_to=24)
TARGET_HIGH = Trait("target_high", "number", "°C", 5, 35, 0.5, tolerance=0.3)
FAN_MODE = Trait("fan_mode", "choice", choices=("auto", "on", "low", "medium", "high"))
PRESET = Trait("preset", "choice")
CURRENT = Trait("current", "sensor", "°C")
ACTIVITY = Trait("activity", "sensor")  # heating, cooling, idle, off; cleaning, returning, docked
HUMIDITY = Trait("humidity", "sensor", "%")
TARGET_HUMIDITY = Trait("target_humidity", "number", "%", 20, 80, tolerance=2)
SPEED = Trait("speed", "number", "%", 0, 100, tolerance=3)  # of a fan or a pump
OSCILLATING = Trait("oscillating", "switch")

# vacuum cleaners
TASK = Trait("task", "choice", choices=("clean", "pause", "dock"))  # on the way to the dock reads "dock"
ROOMS = Trait("rooms", "action", confirmed_by="task", confirmed_as="clean")

# measured
TEMPERATURE = Trait("temperature", "sensor", "°C")
ILLUMINANCE = Trait("illuminance", "sensor", "lx")
CO2 = Trait("co2", "sensor", "ppm")
PM2_5 = Trait("pm2_5", "sensor", "µg/m³")
PRESSURE = Trait("pressure", "sensor", "hPa")
POWER = Trait("power", "sensor", "W")
ENERGY = Trait("energy", "sensor", "kWh")
VOLTAGE = Trait("voltage", "sensor", "V")
AMPERAGE = Trait("amperage", "sensor", "A")
BATTERY = Trait("battery", "sensor", "%")
WATER_FLOW = Trait("water_flow", "sensor", "l/min")
PH = Trait("ph", "sensor")
ORP = Trait("orp", "sensor", "mV")
SALT = Trait("salt", "sensor", "ppm")

# noticed: true when it is so
OPENED = Trait("opened", "sensor")  # a window or door that only tells
MOTION = Trait("motion", "sensor")
OCCUPIED = Trait("occupied", "sensor")
LEAK = Trait("leak", "sensor")
SMOKE = Trait("smoke", "sensor")
CARBON_MONOXIDE = Trait("carbon_monoxide", "sensor")
GAS = Trait("gas", "sensor")
VIBRATION = Trait("vibration", "sensor")
TAMPERED = Trait("tampered", "sensor")
PROBLEM = Trait("problem", "sensor")
LOW_BATTERY = Trait("low_battery", "sensor")

# what nobody has a better word for: its purpose is unknown, so it asks
PRESS = Trait("press", "action", confirmed_by="-", base_risk=Risk.ASK)
CHOICE = Trait("choice", "choice", base_risk=Risk.ASK)
AMOUNT = Trait("amount", "number", base_risk=Risk.ASK)

REACHABLE = Trait("reachable", "sensor")

# cameras
WATCHING = Trait("watching", "switch", risks=((False, Risk.ASK),))  # a camera that is not watched is a door left open
IGNORE = Trait("ignore", "action", base_risk=Risk.ASK)  # a part of the picture that is not looked at from now on
NIGHT = Trait("night", "sensor")
PICTURE = Trait("picture", "sensor")  # up, down, black, covered, frozen

VOCABULARY: Mapping[str, Trait] = {row.name: row for row in list(vars().values()) if isinstance(row, Trait)}

SAFETY = frozenset({"leak", "smoke", "carbon_monoxide", "gas", "triggered"})  # true by any way to a thing is true

# Water scalds from 50 °C within seconds and wearies the heart from 40 (the limit of spa makers and of EN 17125).
_OF_KIND: Mapping[tuple[str, str], Trait] = {
    ("pool", "target"): TARGET.but(min=10, max=34, free_up_to=30, tolerance=0.6),
    ("spa", "target"): TARGET.but(min=10, max=40, free_up_to=39, tolerance=0.6),
    ("water_heater", "target"): TARGET.but(min=30, max=65, free_up_to=55, tolerance=1.0),
    ("valve", "on"): ON.but(risks=((True, Risk.ASK),)),  # water that flows unseen
}


def known(name: str, kind: str = "") -> Trait | None:
    """The row of a trait for this kind of device; None for what the vocabulary does not know."""
    return _OF_KIND.get((kind, name)) or VOCABULARY.get(name)


def limited(trait: Trait, kind: str) -> Trait:
    """A driver's trait held within the vocabulary's range: what a device would take is not what is good for a home."""
    row = known(trait.name, kind)
    if row is None or trait.kind != "number" or row.kind != "number" or row.unit != trait.unit:
        return trait
    low = row.min if trait.min is None else trait.min if row.min is None else max(trait.min, row.min)
    high = row.max if trait.max is None else trait.max if row.max is None else min(trait.max, row.max)
    return trait.but(min=low, max=high, free_up_to=row.free_up_to)
