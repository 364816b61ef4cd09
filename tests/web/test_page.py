"""The page in a real browser: it logs in, shows the home, commands it, asks, and lives on events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stories.house import House, lived_in, until
from tests.web.browser import CHROMIUM, opened

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.anyio, pytest.mark.browser,
              pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house and browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A lived-in house."""
    async with lived_in(tmp_path_factory.mktemp("page")) as one:
        yield one


@pytest.fixture(scope="module")
async def page(house: House) -> AsyncIterator[Page]:
    """The page on a phone's width."""
    async with opened(house, 360, 740) as one:
        yield one


async def test_it_shows_every_device_in_its_room(house: House, page: Page) -> None:
    rooms = {row["name"]: row["room"] for row in (await house.truth()).values() if row["kind"] == "light"}
    shown = await page.evaluate("""() => Object.fromEntries([...document.querySelectorAll('section.room')].flatMap(
        (room) => [...room.querySelectorAll('.device h3')].map(
            (h) => [h.textContent, room.querySelector('h2').textContent])))
        """)
    for name, room in rooms.items():
        assert name in shown
        if "Strip" not in name:
            assert shown[name] == room


async def test_it_fits_a_phone(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_a_switch_on_the_page_switches_the_lamp(house: House, page: Page) -> None:
    lamp = page.locator(".device", has=page.locator("h3", has_text="Desk Lamp"))
    was = (await house.state("desk_lamp"))["on"]
    await lamp.locator("input.switch").first.click()

    async def changed() -> bool:
        return bool((await house.state("desk_lamp"))["on"]) is not was
    await until(changed)
    await page.wait_for_selector("#lately li", state="attached")


async def test_outside_hands_show_on_the_page(house: House, page: Page) -> None:
    await house.hand("sofa_lamp", on=True)
    await page.wait_for_selector(".device[data-on=true] h3:text('Sofa Lamp')")
    await house.hand("sofa_lamp", on=False)
    await page.wait_for_selector(".device[data-on=false] h3:text('Sofa Lamp')")


async def test_talk_and_a_question_with_the_pin(house: House, page: Page) -> None:
    await page.click("nav a[href='#talk']")
    await page.fill("#text", "unlock the front door")
    await page.press("#text", "Enter")
    await page.wait_for_selector(".question")
    await page.fill(".question input", "2468")
    await page.click(".question button:text('Yes')")

    async def unlocked() -> bool:
        return not (await house.state("front_door"))["locked"]
    await until(unlocked)
    await page.wait_for_selector("#thread .dobby:has-text('PIN')")
    await page.click("nav a[href='#home']")


async def test_a_device_is_renamed_on_the_page(house: House, page: Page) -> None:
    lamp = page.locator(".device", has=page.locator("h3", has_text="Bathroom Light"))
    await lamp.locator("summary").click()
    await lamp.locator("input[name=name]").fill("Mirror Lamp")
    await lamp.locator("details button").click()
    await page.wait_for_selector(".device h3:text('Mirror Lamp')")
    answer = await house.say("turn on the mirror lamp")
    assert answer["outcomes"][0]["result"] == "confirmed"
    assert (await house.state("bathroom_light"))["on"]


async def test_everything_has_a_name_for_a_screen_reader(page: Page) -> None:
    nameless = await page.evaluate("""() => [...document.querySelectorAll('button, input, select')].filter((one) =>
        !one.textContent.trim() && !one.getAttribute('aria-label') && !(one.labels && one.labels.length)).length""")
    assert nameless == 0


def test_no_inline_script_and_nothing_from_elsewhere() -> None:
    import re

    folder = Path(__file__).parent.parent.parent / "dobby" / "web" / "page"
    for path in folder.glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", text), path.name
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), path.name
