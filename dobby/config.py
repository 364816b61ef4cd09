"""config.toml into typed settings: every mistake at once, with file, key and the nearest key that exists.

The tables are read off the dataclasses of settings.py, so a key exists exactly when a field does. Secrets never stand
in config.toml: they come from the environment or from secrets.toml (0600) and live in `Secrets`, whose repr hides them.
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
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dobby.errors import ConfigError
from dobby.settings import Config, Secrets

LANGUAGES = ("en", "de", "es", "fr", "nl")
HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
PHONE = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
WYOMING = re.compile(r"tcp://(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}")
CAMERA_SCHEMES = ("rtsp", "rtsps", "http", "https", "onvif")
# secrets that may stand in the environment
NAMED = ("ANTHROPIC_API_KEY", "TWILIO_AUTH_TOKEN", "VISION_API_KEY", "ALARM_CODE")


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
                                                        _check_cameras, _check_comfort, _check_vision,
                                                        _check_time, _check_voice]
    return [problem for check in checks for problem in check(config)]


def _check_home(config: Config) -> list[str]:
    try:
        zoneinfo.ZoneInfo(config.home.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        near = difflib.get_close_matches(str(config.home.timezone), zoneinfo.available_timezones(), 1, 0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        return [f'home.timezone is not a time zone such as "Europe/Berlin".{hint}']
    return []


def _check_time(config: Config) -> list[str]:
    problems = [] if not config.time.quiet or HOURS.fullmatch(str(config.time.quiet)) else [
        'time.quiet must be two times such as "22:30-06:30", or empty.']
    for key, most in (("latitude", 90), ("longitude", 180)):
        value = getattr(config.home, key)
        if isinstance(value, float) and abs(value) > most:
            problems.append(f"home.{key} goes from -{most} to {most}.")
    if (config.home.latitude is None) != (config.home.longitude is None):
        problems.append("home.latitude and home.longitude are needed together.")
    return problems


def _check_people(config: Config) -> list[str]:
    problems: list[str] = []
    seen: dict[str, str] = {}
    names: set[str] = set()
    for at, person in enumerate(config.people):
        if (called := str(person.name).strip().casefold()) in names:  # whose session, whose question would it be?
            problems.append(f"people[{at}].name: there is another {person.name}.")
        names.add(called)
        if called == "owner" and person.role != "owner":
            problems.append(f'people[{at}].name: "owner" is what the owner goes by at the page and the console.')
        if person.phone and not PHONE.fullmatch(str(person.phone)):
            problems.append(f"people[{at}].phone must be a hardware address such as aa:bb:cc:dd:ee:ff, or a host name.")
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
    if not 16 <= network.widest <= 30:
        return ["network.widest must be 16 to 30, the bits of the largest network to look at (24 is 254 addresses)."]
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


def _check_voice(config: Config) -> list[str]:
    voice = config.voice
    problems = [f'voice.{key} must be an address such as tcp://192.168.1.20:10300, "none", or empty.'
                for key in ("ears", "mouth") if getattr(voice, key) not in ("", "none")
                and not WYOMING.fullmatch(str(getattr(voice, key)))]
    names = [str(person.name) for person in config.people]
    seen: set[str] = set()
    for at, one in enumerate(voice.satellites):
        if not WYOMING.fullmatch(str(one.address)):
            problems.append(f"voice.satellites[{at}].address must be an address such as tcp://192.168.1.20:10700.")
        if one.person and one.person not in names:
            near = difflib.get_close_matches(str(one.person), names, 1, 0.4)
            problems.append(f"voice.satellites[{at}].person is nobody in [[people]]."
                            + (f" Did you mean {near[0]}?" if near else ""))
        if not str(one.name).strip() or one.name in seen:
            problems.append(f"voice.satellites[{at}].name must be a name of its own.")
        seen.add(one.name)
    return problems


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
