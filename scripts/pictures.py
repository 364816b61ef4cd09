"""Makes the pictures of the page in docs/ from a simulated home that lived through a day.

    .venv/bin/python -m scripts.pictures
"""

from __future__ import annotations

import asyncio
import math
import tempfile
from functools import partial
from pathlib import Path

from tests.stories.house import House, lived_in, until
from tests.web.browser import opened

DOCS = Path(__file__).parent.parent / "docs"
VIEWS = {"home": ".device", "talk": "#thread li", "eyes": ".seen", "network": ".host", "mind": "#facts li",
         "charts": ".chart polyline", "care": "#wellness li"}  # and what stands there when it is drawn


async def day(house: House) -> None:
    """A day of readings: the sun warms the rooms, the washer runs, somebody is on the treadmill."""
    for hour in range(24):
        sun = math.sin((hour - 4) / 24 * 2 * math.pi)
        await house.hand("study_air", temperature=round(21.0 + 1.4 * sun, 1), humidity=round(46 - 4 * sun),
                         co2=round(560 + 180 * (sun + 1)))
        await house.hand("freezer", temperature=round(-18.0 + 0.4 * math.sin(hour), 1))
        await house.hand("living_room_heating", current=round(20.3 + 0.9 * sun, 1))
        await house.hand("bedroom_heating", current=round(18.6 + 0.7 * sun, 1))
        await house.hand("pool", current=round(24.0 + 1.2 * sun, 1))
        await house.hand("washer", power=1900.0 if hour in (9, 10) else 2.0)
        await house.hand("treadmill", power=420.0 if hour == 18 else 0.0)
        await until(partial(_shows, house, round(21.0 + 1.4 * sun, 1)))
        await house.api("POST", "/api/clock", {"advance_s": 3600})


async def _shows(house: House, warmth: float) -> bool:
    traits = {one["name"]: one["value"] for one in (await house.device("study_air"))["traits"]}
    return bool(traits["temperature"] == warmth)


async def main() -> None:
    """Live, look, and keep what was seen."""
    with tempfile.TemporaryDirectory() as folder:
        async with lived_in(Path(folder), "--clock", "manual", cameras=True) as house:
            await day(house)
            await house.say("what's on my network?")
            await house.say("remember that Sam hates bright light in the study")
            await house.say("my dentist is at 3 on Thursday")
            await house.say("my dentist is now at 4 on Friday")
            await house.say("every weekday at 7 open the bedroom shades")
            await house.sim("POST", "/camera", {"camera": "driveway", "event": "delivery_truck"})

            async def told() -> bool:
                return any("Driveway" in row["body"] for row in await house.received())
            await until(told, 60)
            await house.text("Dobby, it's sleepy time")
            await house.say("unlock the front door")
            async with opened(house, 1440, 960) as page:
                for view, drawn in VIEWS.items():
                    await page.click(f"nav a[href='#{view}']")
                    await page.wait_for_selector(drawn, state="attached")
                    await until(lambda: page.evaluate(
                        "[...document.querySelectorAll('#cameras img, .seen img')].every((one) => one.naturalWidth)"))
                    await page.screenshot(path=DOCS / f"{view}.jpg", type="jpeg", quality=82)
            async with opened(house, 360, 740) as page:
                await page.emulate_media(color_scheme="dark")
                await page.screenshot(path=DOCS / "phone.jpg", type="jpeg", quality=82)


if __name__ == "__main__":
    asyncio.run(main())
