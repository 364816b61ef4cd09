"""Sunrise and sunset of a day at a place, by the library astral. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sunrise, sunset


def sun(event: str, day: date, latitude: float | None, longitude: float | None, zone: ZoneInfo) -> datetime | None:
    """The moment (UTC, to the second) of "sunrise" or "sunset" on a local day; None where the sun does not cross the
    horizon that day, or nobody said where the home stands."""
    if latitude is None or longitude is None:
        return None
    try:
        found: datetime = (sunrise if event == "sunrise" else sunset)(Observer(latitude, longitude), date=day,
                                                                      tzinfo=zone)
    except ValueError:  # polar day or night
        return None
    return found.astimezone(UTC).replace(microsecond=0)
