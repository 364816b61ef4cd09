"""docs/devices.md says what the drivers say of themselves, and nothing is listed that nobody judged."""

from __future__ import annotations

from pathlib import Path

from dobby.drivers import load_drivers
from dobby.drivers.__main__ import page

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_drivers_say() -> None:
    wanted = page(load_drivers()[0])
    assert (ROOT / "docs" / "devices.md").read_text("utf-8") == wanted, "python -m dobby.drivers > docs/devices.md"


def test_every_make_says_how_it_was_judged() -> None:
    for driver in load_drivers()[0]:
        assert driver.about is not None, driver.make
        assert driver.about.judged, driver.make
        assert all(one[:3] in ("a: ", "b: ", "c: ") for one in driver.about.judged), driver.make
