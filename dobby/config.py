"""config.toml into typed settings: every mistake at once, with file, key and the nearest key that exists.

The tables are read off the dataclasses below, so a key exists exactly when a field does. Secrets never stand in
config.toml: they come from the environment or from secrets.toml (0600) and live in `Secrets`, whose repr hides them.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import stat
import tomllib
import types
import typing
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dobby.errors import ConfigError
from dobby.messages import Person

LANGUAGES = ("en", "de", "es", "fr", "nl")
DEFAULT_MODEL = "claude-sonnet-5-5"
HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
CAMERA_SCHEMES = ("rtsp", "rtsps", "http", "https", "onvif")
NAMED = ("ANTHROPIC_API_KEY", "TWILIO_AUTH_TOKEN", "VISION_API_KEY")  # secrets that may stand in the environment


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


@dataclass(frozen=True, slots=True)
class BrainSettings:
    """[brain]: any server that speaks the Messages API. Without a key and without base_url there is no model."""

    base_url: str = ""
    model: str = DEFAULT_MODEL
    daily_tokens: int = 500_000
    max_steps: int = 12
    turn_tokens: int = 60_000
    turn_seconds: float = 90.0


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """[network]: where Dobby may look, and whether devices may call back. simulated is the demo's own /24."""

    interfaces: tuple[str, ...] = ()
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
    cameras: tuple[CameraSettings, ...] = ()
    eyes: EyesSettings = EyesSettings()
    vision: VisionSettings = VisionSettings()
    twilio: TwilioSettings = TwilioSettings()
    web: WebSettings = WebSettings()

    def persons(self) -> tuple[Person, ...]:
        """The people of the house."""
        return tuple(Person(p.name, p.role, p.addresses, p.pin_hash, p.pin_needed) for p in self.people)

    def owner(self) -> Person:
        """The first owner named; a house whose config names nobody belongs to whoever sits at its console."""
        return next((person for person in self.persons() if person.role == "owner"), Person("Owner", "owner"))


def load(path: Path) -> Config:
    """Read a config.toml; a missing file is an empty one. ConfigError lists every mistake."""
    if not path.exists():
        return Config()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError([f"{path}: not valid TOML: {error}."]) from error
    return parse(table, str(path))


def parse(table: Mapping[str, Any], where: str = "config.toml") -> Config:
    """A parsed TOML table into settings; ConfigError lists every mistake."""
    problems: list[str] = []
    config = _fill(Config, table, "", problems)
    problems += _cross_check(config)
    if problems:
        raise ConfigError([f"{where}: {problem}" for problem in problems])
    return typing.cast(Config, config)


def _fill(kind: type, table: Any, path: str, problems: list[str]) -> Any:
    """An instance of dataclass `kind` out of a table; what is wrong is noted and stands at its default (or None)."""
    if not isinstance(table, Mapping):
        problems.append(f"{path or 'the file'} must be a table, not {_shown(table)}.")
        table = {}
    hints = typing.get_type_hints(kind)
    known = {one.name.rstrip("_"): one for one in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        place = f"{path}.{key}" if path else key
        if key not in known:
            problems.append(f"{place} is not a known key.{_nearest(key, known)}")
            continue
        one = known[key]
        values[one.name] = _value(hints[one.name], value, place, problems)
    for key, one in known.items():
        if one.name not in values and one.default is MISSING and one.default_factory is MISSING:
            problems.append(f"{path}.{key} is missing.")
            values[one.name] = ""
    return kind(**values)


def _value(hint: Any, value: Any, place: str, problems: list[str]) -> Any:
    """One value as its type asks for, or a note of what is wrong."""
    if is_dataclass(hint):
        return _fill(typing.cast(type, hint), value, place, problems)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        if value not in args:
            problems.append(f"{place} must be one of {', '.join(map(str, args))}, not {_shown(value)}.")
        return value
    if origin is tuple:
        rows = value if isinstance(value, list) else [value] if args[0] is str and isinstance(value, str) else None
        if rows is None:
            problems.append(f"{place} must be a list, not {_shown(value)}.")
            return ()
        return tuple(_value(args[0], row, f"{place}[{at}]", problems) for at, row in enumerate(rows))
    allowed = args if origin is types.UnionType else (hint,)
    if float in allowed and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) not in allowed:
        words = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
        problems.append(f"{place} must be {words.get(allowed[0], 'something else')}, not {_shown(value)}.")
    return value


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, known, 1, 0.5)
    return f" Did you mean {near[0]}?" if near else f" Known here: {', '.join(known)}."


def _shown(value: object) -> str:
    """A value in an error text; long ones and things that may be secret are not repeated."""
    text = repr(value)
    return text if len(text) <= 30 else f"a {type(value).__name__}"


def _cross_check(config: Config) -> list[str]:
    """What types cannot say."""
    checks: list[Callable[[Config], list[str]]] = [_check_home, _check_people, _check_network, _check_twilio,
                                                        _check_cameras, _check_comfort, _check_vision]
    return [problem for check in checks for problem in check(config)]


def _check_home(config: Config) -> list[str]:
    try:
        zoneinfo.ZoneInfo(config.home.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        near = difflib.get_close_matches(str(config.home.timezone), zoneinfo.available_timezones(), 1, 0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        return [f'home.timezone is not a time zone such as "Europe/Berlin".{hint}']
    return []


def _check_people(config: Config) -> list[str]:
    problems: list[str] = []
    seen: dict[str, str] = {}
    for at, person in enumerate(config.people):
        for address in map(str, person.addresses):
            if ":" not in address:
                problems.append(f'people[{at}].addresses: "{address}" needs its channel in front, as in '
                                f'"whatsapp:{address}" or "sms:{address}".')
            if address in seen:
                problems.append(f"people[{at}].addresses: {address} is already {seen[address]}'s.")
            seen[address] = person.name
        if person.pin_hash and not str(person.pin_hash).startswith("scrypt$"):
            problems.append(f"people[{at}].pin_hash is not a hash; `dobby init --pin` makes one. "
                            "Never write the PIN itself.")
    return problems


def _check_network(config: Config) -> list[str]:
    network = config.network
    if not network.simulated_network:
        return []
    try:
        simulated = ipaddress.ip_network(network.simulated_network)
    except ValueError:
        return ["network.simulated_network must be a network such as 127.77.5.0/24."]
    return [] if simulated.is_loopback else ["network.simulated_network must lie in 127.0.0.0/8."]


def _check_twilio(config: Config) -> list[str]:
    twilio = config.twilio
    if not twilio.account_sid:
        return []
    wanted = {"from": twilio.from_, "public_url": twilio.public_url}
    return [f"twilio.{key} is needed once twilio.account_sid is set." for key, value in wanted.items() if not value]


def _check_cameras(config: Config) -> list[str]:
    problems: list[str] = []
    names: set[str] = set()
    for at, camera in enumerate(config.cameras):
        if not str(camera.name).strip() or len(str(camera.name)) > 60 or not str(camera.name).isprintable():
            problems.append(f"cameras[{at}].name must be a line of 1 to 60 characters.")
        for key in ("url", "sub_url"):
            try:
                parts = urlsplit(str(getattr(camera, key)))
                _ = parts.port
            except ValueError:
                problems.append(f"cameras[{at}].{key} is not an address such as rtsp://192.168.1.20/main.")
                continue
            if "@" in parts.netloc and ":" in parts.netloc.rpartition("@")[0]:
                problems.append(f"cameras[{at}].{key} has a password in it. Leave it out, put the name into "
                                f'cameras[{at}].user, and the password into secrets.toml: '
                                f'{camera_secret(str(camera.name)).lower()} = "..."')
            elif parts.scheme not in ("", "file", *CAMERA_SCHEMES):
                problems.append(f"cameras[{at}].{key} must begin with {', '.join(CAMERA_SCHEMES)}, or be a file.")
        name = re.sub(r"\W+", "_", str(camera.name).casefold())
        if name in names:
            problems.append(f"cameras[{at}].name: there are two cameras of that name, or of names too much alike.")
        names.add(name)
        if isinstance(camera.sensitivity, float) and not 0.25 <= camera.sensitivity <= 4:
            problems.append(f"cameras[{at}].sensitivity goes from 0.25 to 4.")
        for number, zone in enumerate(camera.zones):
            try:
                zone.corners()
            except (ValueError, AttributeError):
                problems.append(f'cameras[{at}].zones[{number}].points must be three corners or more, such as '
                                '"0.0,0.5 0.4,0.5 0.4,1.0", each number from 0 to 1.')
    limits = {"per_hour": (1, 1000), "keep_days": (1, 3650), "keep_mb": (10, 1_000_000), "patience": (1, 3600)}
    for key, (low, high) in limits.items():
        value = getattr(config.eyes, key)
        if isinstance(value, int | float) and not low <= value <= high:
            problems.append(f"eyes.{key} goes from {low} to {high}.")
    if config.eyes.quiet and not HOURS.fullmatch(str(config.eyes.quiet)):
        problems.append('eyes.quiet must be two times such as "23:00-06:30".')
    return problems


def _check_comfort(config: Config) -> list[str]:
    limits = {"heat_max": (5, 30), "pool_max": (10, 34), "spa_max": (10, 40), "night_volume": (0, 100),
              "compressor_rest": (0, 3600), "pump_rest": (0, 3600), "garage_rest": (0, 60)}
    problems = [f"comfort.{key} goes from {low} to {high}." for key, (low, high) in limits.items()
                if isinstance(value := getattr(config.comfort, key), int | float) and not low <= value <= high]
    if config.comfort.night and not HOURS.fullmatch(str(config.comfort.night)):
        problems.append('comfort.night must be two times such as "22:00-07:00", or empty.')
    return problems


def _check_vision(config: Config) -> list[str]:
    vision = config.vision
    wanted = {"local": ("model", vision.model), "server": ("server_url", vision.server_url)}
    return [f'vision.{wanted[end][0]} is needed for the end "{end}".' for end in vision.ends
            if end in wanted and not wanted[end][1]]


def camera_secret(name: str) -> str:
    """Under what name a camera's password is kept: CAMERA_FRONT_DOOR in secrets.toml (or the environment)."""
    return "CAMERA_" + re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").upper()


def secrets(workspace: Path, environment: Mapping[str, str] | None = None) -> Secrets:
    """Secrets from secrets.toml (which must be 0600) and the environment; the environment wins."""
    environment = os.environ if environment is None else environment
    found: dict[str, str] = {}
    path = workspace / "secrets.toml"
    if path.exists():
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError([f"{path} can be read by others. Run: chmod 600 {path}"])
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            line = str(error).rpartition("(")[2].rstrip(")") or "somewhere"
            raise ConfigError([f"{path}: not valid TOML ({line})."]) from None
        found = {key.upper(): str(value) for key, value in table.items()}
    found |= {key: value for key, value in environment.items() if value and (key in NAMED or key.startswith("CAMERA_"))}
    return Secrets(found.get("ANTHROPIC_API_KEY", ""), found.get("TWILIO_AUTH_TOKEN", ""), found)
