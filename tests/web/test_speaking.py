"""Push-to-talk in a real browser: what a microphone hears goes to the built-in ears and does what was said."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stories.house import House, lived_in, until
from tests.web.browser import CHROMIUM, opened

if TYPE_CHECKING:
    from playwright.async_api import Page

pytest.importorskip("pocketsphinx", reason="no pocketsphinx here: sh scripts/ears")
pytestmark = [pytest.mark.anyio, pytest.mark.browser,
              pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
              pytest.mark.skipif(not (shutil.which("espeak-ng") and shutil.which("sox")),
                                 reason="no espeak-ng and sox here")]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house and browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A lived-in house."""
    async with lived_in(tmp_path_factory.mktemp("speaking")) as one:
        yield one


@pytest.fixture(scope="module")
async def page(house: House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    """A page whose microphone hears one sentence over and over, with pauses."""
    folder = tmp_path_factory.mktemp("sound")
    said, file = folder / "said.wav", folder / "microphone.wav"
    await (await asyncio.create_subprocess_exec("espeak-ng", "-w", str(said), "turn on the desk lamp")).wait()
    await (await asyncio.create_subprocess_exec("sox", str(said), "-r", "48000", str(file), "pad", "1", "3")).wait()
    async with opened(house, 1440, 900, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
                      f"--use-file-for-fake-audio-capture={Path(file)}") as one:
        yield one


async def test_a_spoken_order_does_what_it_says_and_stands_in_the_thread(house: House, page: Page) -> None:
    await house.hand("desk_lamp", on=False)
    await page.click("#mic")
    await page.wait_for_selector("#mic[aria-pressed=true]")

    async def lit() -> bool:
        return bool((await house.state("desk_lamp"))["on"])
    await until(lit)
    await page.wait_for_selector("#thread .me:has-text('desk lamp')")
    assert await page.get_attribute("#mic", "aria-pressed") == "false", "it stops listening when one is quiet"
