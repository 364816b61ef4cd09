"""python-omnilogic-local as the judge of our OmniLogic: run by an interpreter that has it, with a controller's port.

Prints one JSON object: what it made of the controller's configuration and telemetry, and of that after its orders.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from pyomnilogic_local.api import OmniLogicAPI  # type: ignore[import-not-found]  # it lives in an environment of its own
from pyomnilogic_local.omnitypes import ColorLogicShow  # type: ignore[import-not-found]


def shown(telemetry: Any) -> dict[str, Any]:
    """What telemetry says, where the orders show."""
    by_id = telemetry.get_telem_by_systemid
    return {"water": by_id(1).water_temp, "filter": [by_id(3).state.name, by_id(3).speed],
            "heater": [by_id(4).current_set_point, by_id(4).enabled],
            "lamp": [by_id(11).state.name, by_id(11).show.name],
            "valve": by_id(13).state.name, "chlorinator": by_id(7).enable}


async def main(port: int) -> dict[str, Any]:
    """Read what there is and how it is, order something of every kind, look again."""
    omni = OmniLogicAPI("127.0.0.1", port, 5.0)
    config = await omni.async_get_config()
    pool, spa = config.backyard.bow
    told = {"bodies": [[one.name, one.type.name, len(one.filter), one.heater.max_temp] for one in (pool, spa)],
            "relays": [one.name for one in pool.relay], "chemistry": pool.csad[0].name,
            "jets": spa.pump[0].function.name, "before": shown(await omni.async_get_telemetry())}
    await omni.async_set_filter_speed(1, 3, 65)
    await omni.async_set_heater(1, 4, 88, "F")
    await omni.async_set_heater_enable(1, 4, True)
    await omni.async_set_equipment(1, 13, True)
    await omni.async_set_light_show(1, 11, ColorLogicShow.TWILIGHT)
    await omni.async_set_chlorinator_enable(1, False)
    return {**told, "after": shown(await omni.async_get_telemetry())}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[1])))))
