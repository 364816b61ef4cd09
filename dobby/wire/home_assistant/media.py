"""Media players.

Source: developers.home-assistant.io/docs/core/entity/media-player (features as bits). `play` takes a web address;
what a player plays is told by its content id, or by the title where it has none.
"""

from __future__ import annotations

from typing import Any

from dobby.errors import Refused
from dobby.home import vocabulary as v
from dobby.home.traits import Trait
from dobby.wire.hass import Values
from dobby.wire.home_assistant.plain import turned
from dobby.wire.home_assistant.shown import Call, Domain, Shown

PAUSE, VOLUME, MUTE, PREVIOUS, NEXT, TURN_ON, TURN_OFF = 1, 4, 8, 16, 32, 128, 256
PLAY_MEDIA, SOURCE, PLAY = 512, 2048, 16384
PLAYING = {"playing": True, "paused": False, "idle": False, "standby": False, "off": False, "on": False}
FEATURES: tuple[tuple[int, tuple[Trait, ...]], ...] = (
    (PLAY | PAUSE, (v.PLAYING, v.TITLE, v.TRACK)), (PLAY_MEDIA, (v.PLAY,)), (NEXT, (v.NEXT,)),
    (PREVIOUS, (v.PREVIOUS,)), (VOLUME, (v.VOLUME,)), (MUTE, (v.MUTED,)), (TURN_ON | TURN_OFF, (v.ON,)))


def _traits(shown: Shown) -> list[Trait]:
    traits = [trait for bits, rows in FEATURES if _all(shown, bits) for trait in rows]
    if not any(trait is v.TRACK for trait in traits):
        traits = [trait for trait in traits if trait.confirmed_by != "track"]
    sources = shown.options("source_list")
    return [*traits, v.SOURCE.but(choices=sources)] if shown.can(SOURCE) and sources else traits


def _all(shown: Shown, bits: int) -> bool:
    return shown.can(*(1 << place for place in range(bits.bit_length()) if bits >> place & 1))


def _values(shown: Shown) -> Values:
    playing, volume = PLAYING.get(shown.state), shown.number("volume_level")
    what, title = shown.word("media_content_id"), shown.word("media_title")
    track = " ".join(filter(None, (what, shown.word("media_track"), title)))
    return {"playing": playing, "on": None if shown.state in ("unknown", "") else shown.state not in ("off", "standby"),
            "volume": None if volume is None else round(volume * 100, 1), "muted": shown.flag("is_volume_muted"),
            "title": title, "track": track, "source": shown.word("source") or None,
            "play": (what or title or shown.word("source")) if playing else ""}


def _call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    match trait:
        case "on":
            return turned(value)
        case "playing":
            return Call("media_play" if value else "media_pause")
        case "play" if value in (None, True, ""):
            return Call("media_play")
        case "play" if str(value).startswith(("http://", "https://")):
            return Call("play_media", {"media_content_id": value, "media_content_type": "music"})
        case "play":
            raise Refused("Through Home Assistant it plays web addresses only.")
        case "next" | "previous":
            return Call(f"media_{trait}_track")
        case "volume":
            return Call("volume_set", {"volume_level": round(value / 100, 3)})
        case "muted":
            return Call("volume_mute", {"is_volume_muted": value})
        case "source":
            return Call("select_source", {"source": value})
    return None


MEDIA = Domain(_traits, _values, _call)
