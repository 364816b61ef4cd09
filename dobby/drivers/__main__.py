"""`python -m dobby.drivers`: docs/devices.md, made from what the drivers say of themselves."""

from __future__ import annotations

from collections.abc import Iterable

from dobby.drivers import load_drivers
from dobby.home.device import Driver

HEAD = """# Devices

What Dobby drives, made from the drivers themselves by `python -m dobby.drivers` (a test compares). How it was tested:
**a** against a server not written by us, **b** our simulator is accepted by a client not written by us, **c** replay of
public captures. Real hardware has not been at hand yet.

| make | covers | found by | needs | tells by | library | tested |
|---|---|---|---|---|---|---|
"""
TAIL = """
## What another hub carries

| of these | through |
|---|---|
| ecobee, Eve, Meross, Aqara, August, Schlage, Level, myQ with a HomeKit bridge, Serena and Sivoia shades | HomeKit |
| Zigbee and Z-Wave things | Zigbee2MQTT or Z-Wave JS UI, over MQTT |
| Jandy and other Hayward pools, Pentair IntelliCenter | njsPC over MQTT, or Home Assistant |
| HomePods, Tapo hubs and vacuum cleaners, alarm panels behind an EnvisaLink that are not from DSC | Home Assistant |
| Nest, Honeywell, Ring, SimpliSafe, Tuya and others that only their cloud reaches; Matter for now | Home Assistant |
"""


def page(drivers: Iterable[Driver]) -> str:
    """The whole page; a make that nobody judged is not on it."""
    listed = [driver for driver in sorted(drivers, key=lambda one: one.title.casefold())
              if driver.about is not None and driver.about.judged]
    rows = [_row(driver) for driver in listed]
    lacks = [f"- **{driver.title}**: {driver.about.lacks}." for driver in listed if driver.about and driver.about.lacks]
    return HEAD + "".join(rows) + "\n## What is missing of each\n\n" + "\n".join(lacks) + "\n" + TAIL


def _row(driver: Driver) -> str:
    about = driver.about
    if about is None:
        return ""
    cells = (driver.title, about.covers, _found(driver), about.credentials, about.updates, about.library,
             "; ".join(about.judged))
    return f"| {' | '.join(cells)} |\n"


def _found(driver: Driver) -> str:
    ways = [*(f"mDNS `{kind.removesuffix('.local.')}`" for kind in driver.looks_for.mdns),
            *(f"SSDP `{target}`" for target in driver.looks_for.ssdp),
            *(f"a question by UDP to port {probe.port}" for probe in driver.looks_for.probes),
            *(f"a question by UDP to port {visit.port} of each host that nothing else claims"
              for visit in driver.looks_for.visits)]
    return ", ".join(ways) or "WS-Discovery"


if __name__ == "__main__":
    print(page(load_drivers()[0]), end="")
