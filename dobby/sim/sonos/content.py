"""ContentDirectory: favourites (FV:2), the queue (Q:0) and radio stations (R:0/0); every other container is empty."""

from xml.sax.saxutils import escape

from .didl import didl, favorite_item, track_item
from .player import Household, Player
from .soap import UpnpError

EMPTY = ("A:", "S:", "SQ:", "R:", "Q:", "FV:", "EN:")
NO_SUCH_OBJECT = 701


def browse(household: Household, player: Player, arguments: dict[str, str]) -> dict[str, str]:
    """A page of a container's children."""
    container = escape(arguments.get("ObjectID", ""))
    if not container.startswith(EMPTY):
        raise UpnpError(NO_SUCH_OBJECT)
    items = _items(household, player, container)
    if arguments.get("BrowseFlag") == "BrowseMetadata":
        return {
            "Result": didl([_container(container, len(items))]),
            "NumberReturned": "1",
            "TotalMatches": "1",
            "UpdateID": "1",
        }
    try:
        start, wanted = int(arguments.get("StartingIndex") or 0), int(arguments.get("RequestedCount") or 0)
    except ValueError as error:
        raise UpnpError(402) from error
    page = items[start : start + wanted if wanted else None]
    return {
        "Result": didl(page),
        "NumberReturned": str(len(page)),
        "TotalMatches": str(len(items)),
        "UpdateID": "1",
    }


def _container(container: str, children: int) -> str:
    parent = container.split(":")[0] + ":"
    return (
        f'<container id="{container}" parentID="{parent}" restricted="true" childCount="{children}">'
        f"<dc:title>{container}</dc:title><upnp:class>object.container.playlistContainer</upnp:class></container>"
    )


def _items(household: Household, player: Player, container: str) -> list[str]:
    if container == "FV:2":
        return [favorite_item(number, favorite) for number, favorite in enumerate(household.favorites)]
    if container == "Q:0":
        return [track_item(track, f"Q:0/{n}", "Q:0") for n, track in enumerate(player.queue, 1)]
    return []
