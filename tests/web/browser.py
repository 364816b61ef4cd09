"""A real browser for the tests of the page: any error on it, any dialog and anything from elsewhere fails the test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.stories.house import House

if TYPE_CHECKING:
    from playwright.async_api import Page

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]
# a browser calls these errors too: not logged in yet, a mistake that a test makes, a daemon that a test kills
MEANT = ("401", "422", "net::ERR_CONNECTION", "net::ERR_INCOMPLETE", "net::ERR_EMPTY")


@asynccontextmanager
async def browsing(errors: list[str], width: int, height: int, *flags: str) -> AsyncIterator[Page]:
    """An empty page of this size; what goes wrong on it is added to errors."""
    from playwright.async_api import async_playwright

    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        try:
            page = await (await browser.new_context(viewport={"width": width, "height": height})).new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            page.on("dialog", lambda dialog: errors.append(f"a dialog: {dialog.message}"))
            page.on("request", lambda request: errors.append(f"asked for {request.url}")
                    if not request.url.startswith(("http://127.77.", "blob:http://127.77.", "data:")) else None)
            yield page
        finally:
            await browser.close()


@asynccontextmanager
async def opened(house: House, width: int, height: int, *flags: str) -> AsyncIterator[Page]:
    """The page of a house, logged in by the printed address."""
    errors: list[str] = []
    async with browsing(errors, width, height, *flags) as page:
        await page.goto(f"{house.ready['dashboard']}/#token={house.ready['token']}")
        await page.wait_for_selector(".device")
        yield page
    assert [error for error in errors if not any(one in error for one in MEANT)] == []
