"""Every control of every trait on the page sets the device itself: the truth inside it is compared, never the page's
own word. And what fails, is asked for or changes elsewhere shows on the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.house import House, lived_in, until
from tests.web.browser import CHROMIUM, opened

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.anyio, pytest.mark.browser,
              pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")]
PIN = "2468"
ACTIONS = {"play": "Rainy Day", "next": None, "previous": None, "stop": None}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house and browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A lived-in house."""
    async with lived_in(tmp_path_factory.mktemp("controls")) as one:
        yield one


@pytest.fixture(scope="module")
async def page(house: House) -> AsyncIterator[Page]:
    """The page on a desktop."""
    async with opened(house, 1440, 1000) as one:
        yield one


def inside(truth: dict[str, Any], device: str) -> tuple[str, dict[str, Any]]:
    """The key and state of a device of Dobby's in the truth."""
    bridge = truth["home_bridge"]["native_id"]
    [found] = [(key, row["state"]) for key, row in truth.items()
               if row["kind"] != "hub" and device.endswith((f"/{row['native_id']}", f":{row['native_id']}"))
               and (row["hub"] == "home_bridge") is (bridge in device)]
    return found


def other(trait: dict[str, Any]) -> Any:
    """A value that the trait does not have now."""
    now = trait["value"]
    if trait["kind"] == "switch":
        return not now
    if trait["kind"] == "choice":
        return next(one for one in reversed(trait["choices"]) if one != now)
    if trait["kind"] == "color":
        return "#00ff00"
    low, high = trait["min"], min(trait["max"], 55 if trait["name"] == "volume" else trait["max"])
    return round(low + (high - low) * (0.25 if now > (low + high) / 2 else 0.6))


async def agreed(house: House, device: str) -> bool:
    """Whether what Dobby read last of a player is so: it plays a moment before it says so."""
    _, home = await house.api("GET", "/api/home")
    [known] = [row for one in home["devices"] if one["id"] == device for row in one["traits"]
               if row["name"] == "playing"] or [None]
    return known is None or bool(known["value"] is inside(await house.truth(), device)[1]["playing"])


async def alone(house: House, device: str) -> bool:
    """Whether a player plays for itself."""
    key, state = inside(await house.truth(), device)
    return bool(state["group"] == key)


async def press(page: Page, device: str, trait: dict[str, Any], value: Any) -> None:
    """What a hand on the page does."""
    card = page.locator(f'[data-device="{device}"]')
    row = card.locator(f'[data-trait="{trait["name"]}"]')
    if not await row.first.is_visible() and await card.locator("details[open]").count() == 0:
        await card.locator("summary").click()
        await row.first.wait_for()
    if trait["kind"] == "action":
        await (row.select_option(value) if value else row.click())
    elif trait["kind"] == "switch":
        await row.locator("input").click()
    elif await row.locator("select").count():
        await row.locator("select").select_option(value)
    elif await row.locator("input[type=radio]").count():
        await row.locator(f'input[type=radio][value="{value}"]').click()
    else:
        field = row.locator("input")
        await field.fill(str(value))
        if await field.get_attribute("type") == "number":
            await field.press("Enter")


def is_so(state: dict[str, Any], trait: dict[str, Any], value: Any, truth: dict[str, Any]) -> bool:
    """Whether the truth inside the device is what was pressed."""
    name = trait["name"]
    if name == "play":
        return bool(state["playing"])
    if name == "group":
        return bool(truth[state["group"]]["state"] is not state)
    if name == "open":
        return bool((state["position"] > 0 or state["moving"]) is value)
    if name == "task":
        return bool(state["task"] == value or {"clean": "cleaning", "dock": "docked"}.get(value) == state["activity"])
    if trait["kind"] == "color":
        return bool(state["color"]["y"] > 0.55)
    if trait["kind"] == "number":
        return bool(abs(state[name] - value) <= max(1.0, 0.02 * (trait["max"] - trait["min"])))
    return bool(state[name] == value)


async def test_every_control_sets_its_device(house: House, page: Page) -> None:
    _, home = await house.api("GET", "/api/home")
    pressed: list[str] = []
    for device in home["devices"]:
        for trait in sorted(device["traits"], key=lambda one: str(one["name"] != "play")):  # the empty cannot play
            if trait["kind"] == "sensor":
                continue
            where = f"{device['name']}: {trait['name']}"
            await until(partial(agreed, house, device["id"]))
            _, now = await house.api("GET", "/api/home")
            [trait] = [row for one in now["devices"] if one["id"] == device["id"] for row in one["traits"]
                       if row["name"] == trait["name"]]
            value = ACTIONS[trait["name"]] if trait["kind"] == "action" else other(trait)
            async with page.expect_response("**/api/commands"):
                await press(page, device["id"], trait, value)
            pressed.append(where)
            if trait["name"] in ("next", "previous", "stop"):
                continue  # nothing plays and nothing moves: the device says what it makes of it

            async def done(device: Any = device, trait: Any = trait, value: Any = value) -> bool:
                question = page.locator(".question").first
                if await question.count():
                    if await question.locator("input").count():
                        await question.locator("input").fill(PIN)
                    await question.locator("button:text('Yes')").click()
                    await question.wait_for(state="detached")
                truth = await house.truth()
                return is_so(inside(truth, device["id"])[1], trait, value, truth)
            try:
                await until(done)
            except AssertionError as late:
                card = await page.locator(f'[data-device="{device["id"]}"]').inner_text()
                so = inside(await house.truth(), device["id"])
                raise AssertionError(f"{where} = {value!r}, but {so}; {card!r}") from late
            if trait["name"] == "group":  # apart again: nobody joins a player that follows another
                await press(page, device["id"], trait, "")
                await until(partial(alone, house, device["id"]))
    assert len(pressed) > 80
    assert {one.rpartition(": ")[2] for one in pressed} >= {
        "on", "brightness", "color", "color_temperature", "effect", "playing", "play", "volume", "muted", "group",
        "locked", "open", "armed", "position", "stop", "mode", "target", "speed", "oscillating", "task", "fan_mode"}


async def test_outside_hands_show_at_once(house: House, page: Page) -> None:
    card = page.locator(".device", has=page.locator("h3:text-is('Sofa Lamp')"))
    await house.hand("sofa_lamp", on=True, brightness=37.0)
    await card.locator("[data-trait=brightness] output:text('37 %')").wait_for()
    assert await card.locator("input[type=range]").first.input_value() == "37"
    await house.hand("sofa_lamp", on=False)
    await card.locator(".state:text('off')").wait_for()


async def test_a_failure_says_why_and_the_control_stands_where_the_device_stands(house: House, page: Page) -> None:
    await house.fault("porch_light", "lies")
    card = page.locator(".device", has=page.locator("h3:text-is('Porch Light')"))
    was = (await house.state("porch_light"))["on"]
    await card.locator("input.switch").click()
    await card.locator(".error").wait_for()
    assert "Power" in await card.locator(".error").inner_text()
    assert await card.locator("input.switch").is_checked() is was
    await house.fault("porch_light", None)


async def test_the_line_on_top_says_what_is_open_and_shows_it(house: House, page: Page) -> None:
    await house.hand("kitchen_window", open=True)
    chip = page.locator("#summary button:has-text('Kitchen Window is open')")
    await chip.click()
    assert await page.locator(".device:visible").count() == 1
    await page.click("#all")
    await house.hand("kitchen_window", open=False)
    await chip.wait_for(state="detached")


async def test_a_scene_is_a_button_and_a_room_goes_dark(house: House, page: Page) -> None:
    await page.click("#scenes button:has-text('movie night')")

    async def dimmed() -> bool:
        return bool((await house.state("sofa_lamp"))["brightness"] == 20)
    await until(dimmed)
    await page.click("button[aria-label='Living Room: all lights off']")

    async def dark() -> bool:
        rows = (await house.truth()).values()
        return not any(row["state"]["on"] for row in rows if row["kind"] == "light" and row["room"] == "Living Room")
    await until(dark)


async def test_finding_a_device(page: Page) -> None:
    await page.fill("#find", "sonos")
    assert await page.locator(".device:visible h3").all_inner_texts() == ["Kitchen Sonos", "Study Sonos"]
    await page.fill("#find", "")
    assert await page.locator(".device:visible").count() > 30
