"""What hangs on this home's broker: names, rooms, and how things stand when the home is new. Data only."""

from ..ids import Ids
from .gadgets import Gadget, body, esphome_fan, measured, noticed, pool_light, tasmota, valetudo

TEMPERATURE = ("temperature", "temperature", "°C")


def gadgets(ids: Ids) -> list[Gadget]:
    """Everything on the broker."""
    return [
        body(1, 6, "pool", "Pool", "Garden", {"on": True, "mode": "off", "target": 27.0, "current": 24.5}),
        body(2, 1, "spa", "Spa", "Garden", {"on": False, "mode": "off", "target": 37.0, "current": 26.0}),
        pool_light(3, "pool_light", "Pool Light", "Garden", {"on": False, "effect": "White"}),
        tasmota(ids, "treadmill", "Treadmill", "Gym", {"on": True, "power": 0.0, "energy": 112.3}),
        tasmota(ids, "washer", "Washer", "Bathroom", {"on": True, "power": 2.0, "energy": 240.8}),
        noticed(ids, "kitchen_window", "Kitchen Window", "Kitchen", "open", "contact", "window", off=True),
        noticed(ids, "hallway_motion", "Hallway Motion", "Hallway", "motion", "occupancy", "motion"),
        noticed(ids, "washer_leak", "Washer Leak", "Bathroom", "leak", "water_leak", "moisture"),
        noticed(ids, "hallway_smoke", "Hallway Smoke", "Hallway", "smoke", "smoke", "smoke"),
        measured(ids, "freezer", "Freezer", "Kitchen", {"temperature": -18.0}, (TEMPERATURE,),
                 {"temperature": (-50, 60)}),
        measured(ids, "study_air", "Study Air", "Study", {"temperature": 21.4, "humidity": 44.0, "co2": 620},
                 (TEMPERATURE, ("humidity", "humidity", "%"), ("co2", "carbon_dioxide", "ppm")),
                 {"temperature": (-50, 60), "humidity": (0, 100), "co2": (0, 10000)}),
        esphome_fan(ids, "ceiling_fan", "Ceiling Fan", "Bedroom", {"on": False, "speed": 40.0, "oscillating": False}),
        valetudo(ids, "dusty", "Dusty", "Hallway", {"task": "dock", "activity": "docked", "battery": 100,
                                                    "fan_mode": "medium"}),
    ]
