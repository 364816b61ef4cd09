"""The house itself: its rooms, what stands in them, what it is called and who lives there. Data only."""

from dataclasses import dataclass
from typing import Literal

LightModel = Literal["color", "ambiance", "dim", "plug"]


@dataclass(frozen=True, slots=True)
class Room:
    """A room and what the Hue bridge calls its kind."""

    name: str
    archetype: str


@dataclass(frozen=True, slots=True)
class LightSpec:
    """One bulb (or plug) on the Hue bridge; the key is its name in snake case."""

    key: str
    name: str
    room: str
    model: LightModel
    archetype: str


@dataclass(frozen=True, slots=True)
class SpeakerSpec:
    """One Sonos player; Sonos knows a player by its room."""

    key: str
    room: str
    model: str
    model_number: str


@dataclass(frozen=True, slots=True)
class StripSpec:
    """One WLED controller with its strip."""

    key: str
    name: str
    room: str
    leds: int


@dataclass(frozen=True, slots=True)
class Resident:
    """Someone with a telephone."""

    name: str
    role: Literal["owner", "member", "guest"]
    address: str


@dataclass(frozen=True, slots=True)
class Favorite:
    """A Sonos favourite: a radio station streams for ever, a track ends."""

    title: str
    uri: str
    radio: bool


ROOMS = (
    Room("Kitchen", "kitchen"),
    Room("Living Room", "living_room"),
    Room("Study", "office"),
    Room("Bedroom", "bedroom"),
    Room("Bathroom", "bathroom"),
    Room("Hallway", "hallway"),
    Room("Porch", "porch"),
)

LIGHTS = (
    LightSpec("kitchen_ceiling", "Kitchen Ceiling", "Kitchen", "ambiance", "ceiling_round"),
    LightSpec("counter_lights", "Counter Lights", "Kitchen", "ambiance", "recessed_ceiling"),
    LightSpec("dining_pendant", "Dining Pendant", "Kitchen", "color", "pendant_round"),
    LightSpec("floor_lamp", "Floor Lamp", "Living Room", "color", "floor_shade"),
    LightSpec("sofa_lamp", "Sofa Lamp", "Living Room", "color", "table_shade"),
    LightSpec("study_lamp", "Study Lamp", "Study", "color", "floor_lantern"),
    LightSpec("desk_lamp", "Desk Lamp", "Study", "ambiance", "table_wash"),
    LightSpec("bedroom_ceiling", "Bedroom Ceiling", "Bedroom", "ambiance", "ceiling_round"),
    LightSpec("bedside_lamp", "Bedside Lamp", "Bedroom", "color", "table_shade"),
    LightSpec("bathroom_light", "Bathroom Light", "Bathroom", "ambiance", "wall_lantern"),
    LightSpec("hallway_light", "Hallway Light", "Hallway", "dim", "ceiling_round"),
    LightSpec("porch_light", "Porch Light", "Porch", "dim", "wall_lantern"),
    LightSpec("aquarium", "Aquarium", "Living Room", "plug", "plug"),
)

# what is on when the home is new, with its brightness; the aquarium never sleeps
LIT = {"kitchen_ceiling": 70.0, "floor_lamp": 45.0, "study_lamp": 80.0, "hallway_light": 100.0, "aquarium": 100.0}

SPEAKERS = (
    SpeakerSpec("study_speaker", "Study", "Sonos One", "S18"),
    SpeakerSpec("kitchen_speaker", "Kitchen", "Sonos Era 100", "S39"),
)

STRIPS = (
    StripSpec("shelf_strip", "Shelf Strip", "Living Room", 60),
    StripSpec("bed_strip", "Bed Strip", "Bedroom", 90),
)


@dataclass(frozen=True, slots=True)
class HomeKitSpec:
    """One thing on the HomeKit bridge."""

    key: str
    name: str
    room: str
    kind: Literal["thermostat", "shade", "garage", "alarm"]


HOMEKIT_THINGS = (
    HomeKitSpec("living_room_heating", "Living Room Heating", "Living Room", "thermostat"),
    HomeKitSpec("bedroom_heating", "Bedroom Heating", "Bedroom", "thermostat"),
    HomeKitSpec("living_room_shades", "Living Room Shades", "Living Room", "shade"),
    HomeKitSpec("bedroom_shades", "Bedroom Shades", "Bedroom", "shade"),
    HomeKitSpec("garage_door", "Garage Door", "Garage", "garage"),
    HomeKitSpec("house_alarm", "House Alarm", "Hallway", "alarm"),
)

LOCK = ("front_door", "Front Door", "Hallway")
HUB_ROOM = "Hallway"
HOMEKIT_PIN = "031-45-154"
MQTT_USER, MQTT_PASSWORD = "dobby", "simulated-mqtt-1883"

FAVORITES = (
    Favorite("Jazz Radio", "x-rincon-mp3radio://radio.invalid/jazz", radio=True),
    Favorite("Morning News", "x-rincon-mp3radio://radio.invalid/news", radio=True),
    Favorite("Classic FM", "x-rincon-mp3radio://radio.invalid/classic", radio=True),
    Favorite("Rainy Day", "http://music.invalid/rainy-day.mp3", radio=False),
    Favorite("Dinner Party", "http://music.invalid/dinner-party.mp3", radio=False),
)

RESIDENTS = (
    Resident("Robin", "owner", "whatsapp:+15550100"),
    Resident("Sam", "member", "whatsapp:+15550101"),
    Resident("Alex", "guest", "whatsapp:+15550102"),
)
DOBBY_NUMBER = "whatsapp:+15550199"


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One camera; `place` is what is drawn before it."""

    key: str
    name: str
    room: str
    place: Literal["driveway", "front_door", "garden"]


CAMERAS = (
    CameraSpec("driveway", "Driveway", "Driveway", "driveway"),
    CameraSpec("door_camera", "Front Door Camera", "Porch", "front_door"),
    CameraSpec("garden", "Garden", "Garden", "garden"),
)
# published on purpose, like everything secret about this home
CAMERA_USER, CAMERA_PASSWORD = "dobby", "simulated-camera"
