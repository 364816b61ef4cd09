"""What config.toml may say, as types: a key exists exactly when a field here does. config.py reads and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dobby.messages import Person

DEFAULT_MODEL = "claude-sonnet-5-5"


@dataclass(frozen=True, slots=True)
class HomeSettings:
    """[home]: what the house is called and where it stands."""

    name: str = "home"
    timezone: str = "UTC"
    latitude: float | None = None
    longitude: float | None = None
    language: Literal["en", "de", "es", "fr", "nl"] = "en"
    units: Literal["metric", "imperial"] = "metric"


@dataclass(frozen=True, slots=True)
class PersonSettings:
    """[[people]]: who may speak to Dobby. pin_hash is made by `dobby init`; pin_needed = false is an owner's choice."""

    name: str
    role: Literal["owner", "member", "guest"] = "member"
    addresses: tuple[str, ...] = ()
    pin_hash: str = ""
    pin_needed: bool = True
    phone: str = ""  # the phone's hardware address (MAC) or host name, by which its owner is known to be at home
    rooms: tuple[str, ...] = ()  # of a guest: those shared with them; nothing of the house is shown to them elsewhere
    device: str = ""  # a device that shows whether this person is there (a reading "occupied"), by id or name


@dataclass(frozen=True, slots=True)
class BrainSettings:
    """[brain]: any server that speaks the Messages API. Without a key and without base_url there is no model."""

    base_url: str = ""
    model: str = DEFAULT_MODEL
    daily_tokens: int = 500_000
    max_steps: int = 12
    turn_tokens: int = 60_000
    turn_seconds: float = 90.0
    search: str = ""  # a web search for learning devices: an address with {query} in it


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """[network]: where Dobby may look, and whether devices may call back. simulated is the demo's own /24. widest: of a
    network larger than this many bits, only the part of this size around Dobby's own address is looked at."""

    interfaces: tuple[str, ...] = ()
    widest: int = 24
    callbacks: str = ""
    simulated: bool = False
    simulated_network: str = ""


@dataclass(frozen=True, slots=True)
class ComfortSettings:
    """[comfort]: what no order may do, whoever gives it, also after a yes. Temperatures in °C, rests between two starts
    in seconds, volume in %; night as two local times, "" for none."""

    heat_max: float = 30.0
    pool_max: float = 34.0
    spa_max: float = 40.0
    night: str = "22:00-07:00"
    night_volume: float = 60.0
    compressor_rest: float = 180.0
    pump_rest: float = 30.0
    garage_rest: float = 3.0


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """[time]: hours in which only what somebody asked for is told, as two local times; "" for none."""

    quiet: str = ""


@dataclass(frozen=True, slots=True)
class ZoneSettings:
    """[[cameras.zones]]: a part of a camera's picture: one with a name, or one that is not looked at (mask).

    points: the corners as "x,y x,y x,y", fractions of the picture from its upper left; smallest: the least share of the
    picture that something in it must cover.
    """

    name: str
    points: str
    kind: Literal["watch", "mask"] = "watch"
    smallest: float = 0.0

    def corners(self) -> tuple[tuple[float, float], ...]:
        """The points as numbers; ValueError when they are none, or do not lie in the picture."""
        corners = tuple((float(x), float(y)) for x, y in (point.split(",") for point in self.points.split()))
        if len(corners) < 3 or not all(0 <= one <= 1 for corner in corners for one in corner):
            raise ValueError
        return corners


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """[[cameras]]: where they are (rtsp://, http://, onvif:// or a file) and who Dobby is to them; the password is a
    secret called camera_<name>."""

    name: str
    url: str
    sub_url: str = ""
    user: str = ""
    room: str = ""
    serial: str = ""
    sensitivity: float = 1.0
    zones: tuple[ZoneSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class EyesSettings:
    """[eyes]: what is told of what the cameras see, and how long it is kept."""

    per_hour: int = 10
    quiet: str = ""
    keep_days: int = 7
    keep_mb: int = 1000
    patience: float = 20.0


@dataclass(frozen=True, slots=True)
class VisionSettings:
    """[vision]: who says what is in a picture, the first that answers: local (a model in a process of Dobby's own),
    server (any that speaks OpenAI's API: Ollama, llama.cpp, vLLM, LM Studio), claude. None: the detector's words."""

    ends: tuple[Literal["local", "server", "claude"], ...] = ()
    model: str = ""
    server_url: str = ""
    server_model: str = ""
    claude_model: str = DEFAULT_MODEL
    local_seconds: float = 20.0
    cloud_seconds: float = 8.0
    daily_looks: int = 300


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """[twilio]: WhatsApp and SMS. public_url is the address Twilio reaches, as signed by it; the token is a secret."""

    account_sid: str = ""
    from_: tuple[str, ...] = ()
    public_url: str = ""
    template_sid: str = ""
    api_url: str = ""
    webhook_host: str = "127.0.0.1"
    webhook_port: int = 8701


@dataclass(frozen=True, slots=True)
class SatelliteSettings:
    """[[voice.satellites]]: a microphone with a loudspeaker that speaks Wyoming and wakes by itself. room: where it is.
    person: whose orders it carries (a voice proves nobody, so it never opens or disarms anything); "" may do what a
    guest may. speaker: a device (a Sonos) that speaks the answers in its place, by id or name."""

    name: str
    address: str
    room: str = ""
    person: str = ""
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """[voice]: who hears and who speaks. ears, mouth: "" what is installed here (pocketsphinx, espeak-ng), "tcp://..."
    a Wyoming server, "none" nobody; voice: the name of the server's voice."""

    ears: str = ""
    mouth: str = ""
    voice: str = ""
    satellites: tuple[SatelliteSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class WebSettings:
    """[web]: the dashboard's own listener; loopback unless told otherwise."""

    host: str = "127.0.0.1"
    port: int = 8700
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must never be seen: not in a prompt, log, page, error text or child environment."""

    anthropic_api_key: str = field(default="", repr=False)
    twilio_auth_token: str = field(default="", repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything config.toml can say, defaults filled in."""

    home: HomeSettings = HomeSettings()
    people: tuple[PersonSettings, ...] = ()
    brain: BrainSettings = BrainSettings()
    network: NetworkSettings = NetworkSettings()
    comfort: ComfortSettings = ComfortSettings()
    time: TimeSettings = TimeSettings()
    cameras: tuple[CameraSettings, ...] = ()
    eyes: EyesSettings = EyesSettings()
    vision: VisionSettings = VisionSettings()
    twilio: TwilioSettings = TwilioSettings()
    voice: VoiceSettings = VoiceSettings()
    web: WebSettings = WebSettings()

    def persons(self) -> tuple[Person, ...]:
        """The people of the house."""
        return tuple(Person(p.name, p.role, p.addresses, p.pin_hash, p.pin_needed, p.rooms) for p in self.people)

    def owner(self) -> Person:
        """The first owner named; a house whose config names nobody belongs to whoever sits at its console."""
        return next((person for person in self.persons() if person.role == "owner"), Person("Owner", "owner"))
