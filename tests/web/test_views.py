"""The network and the mind on the page: seen, asked about, taken down, marked, edited; markup in names stays text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stories.house import House, lived_in, until
from tests.web.browser import CHROMIUM, browsing, opened

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.anyio, pytest.mark.browser,
              pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")]
MARKUP = "<img src=x onerror=alert(1)> likes tea"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house and browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A lived-in house."""
    async with lived_in(tmp_path_factory.mktemp("views")) as one:
        yield one


@pytest.fixture(scope="module")
async def page(house: House) -> AsyncIterator[Page]:
    """The page on a desktop."""
    async with opened(house, 1280, 900) as one:
        yield one


async def test_the_network_is_a_map_and_a_list_with_reasons(house: House, page: Page) -> None:
    await house.say("what's on my network?")
    await page.click("nav a[href='#network']")
    await page.wait_for_selector("#hosts .host")
    assert await page.is_hidden("#rooms")
    shown = await page.inner_text("#hosts")
    assert "Sonos" in shown
    assert "part of the home" in shown
    assert await page.locator("#map circle.in").count() >= 5
    await page.locator("#hosts .host summary").first.click()
    assert "says" in await page.locator("#hosts .host ul").first.inner_text()


async def test_memory_is_read_and_changed(house: House, page: Page) -> None:
    await house.say(f"remember that {MARKUP}")
    await page.click("nav a[href='#mind']")
    await page.wait_for_selector("#facts li")
    assert MARKUP in await page.inner_text("#facts")
    await page.fill("#fact", "The bins go out on Tuesday")
    await page.press("#fact", "Enter")
    await page.wait_for_selector("#facts li:has-text('bins')")
    await page.locator("#facts li:has-text('bins') button:has-text('No longer true')").click()
    await page.wait_for_selector("#facts li.past:has-text('bins')")
    await page.locator("#facts li:has-text('bins') button:has-text('Forget')").click()
    await page.wait_for_selector("#facts li:has-text('bins')", state="detached")
    pages = (Path(house.ready["workspace"]) / "memory").rglob("*.md")
    assert "bins" not in await asyncio.to_thread(lambda: "".join(one.read_text("utf-8") for one in pages))


async def test_a_skill_is_edited_and_a_mistake_changes_nothing(house: House, page: Page) -> None:
    await page.click("nav a[href='#mind']")
    skill = page.locator("details.skill", has=page.locator("summary", has_text="movie night"))
    await skill.locator("summary").click()
    text = await skill.locator("textarea").input_value()
    await skill.locator("textarea").fill(text.replace("name: movie-night", "name: other"))
    await skill.locator("button:has-text('Keep')").click()
    await skill.locator(".note:has-text('folder')").wait_for()
    await skill.locator("textarea").fill(text.replace("brightness: 20", "brightness: 33"))
    await skill.locator("button:has-text('Keep')").click()
    await skill.locator(".note:has-text('Kept')").wait_for()
    await house.say("movie night")

    async def dimmed() -> bool:
        return bool((await house.state("sofa_lamp"))["brightness"] == 33)
    await until(dimmed)


async def test_a_plan_is_shown_and_cancelled(house: House, page: Page) -> None:
    await house.say("in 20 minutes turn off the ceiling fan")
    await page.click("nav a[href='#home']")
    await page.click("nav a[href='#mind']")
    await page.wait_for_selector("#plans button")
    await page.locator("#plans button").first.click()
    await page.wait_for_selector("#plans:has-text('Nothing is planned')")
    _, plans = await house.api("GET", "/api/plans")
    assert plans["plans"] == []


async def test_what_was_found_is_let_in_from_the_network_s_page(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--fresh") as fresh, browsing([], 1280, 900) as page:
        await page.goto(f"{fresh.ready['dashboard']}/#token={fresh.ready['token']}")
        await page.wait_for_selector("#rooms .empty")
        await page.click("nav a[href='#network']")
        await page.click("#again")
        host = page.locator("#hosts .host.could", has_text="Sonos").first
        await host.locator("button:text('Let it in')").click()
        await page.click(".question button:text('Yes')")
        await page.click("nav a[href='#home']")
        await page.wait_for_selector(".device h3:has-text('Sonos')")
