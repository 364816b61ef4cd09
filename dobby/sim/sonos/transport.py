"""The transport of a player: sources, play and pause, the queue, groups; no network. Refusals are UpnpError."""

from .didl import Track, clock, didl, stream_item, track_item
from .player import Household, Player, group_id
from .soap import UpnpError

Arguments = dict[str, str]

PLAYABLE = (
    *("http://", "https://", "x-file-cifs://", "file:///", "aac:", "hls-radio:"),
    *("x-rincon-mp3radio://", "x-rincon-queue:", "x-rincon-stream:", "x-rincon-cpcontainer:"),
    *("x-sonosapi-stream:", "x-sonosapi-radio:", "x-sonosapi-hls:", "x-sonos-http:", "x-sonos-spotify:"),
    "x-sonosprog-http:",
)
PLAY_MODES = ("NORMAL", "REPEAT_ALL", "REPEAT_ONE", "SHUFFLE", "SHUFFLE_NOREPEAT", "SHUFFLE_REPEAT_ONE")
NOT_COORDINATOR = 800


def number(arguments: Arguments, name: str, low: int, high: int) -> int:
    """A whole number within its range, else UpnpError 402."""
    try:
        value = int(arguments[name])
    except (KeyError, ValueError) as error:
        raise UpnpError(402) from error
    if not low <= value <= high:
        raise UpnpError(402)
    return value


def flag(arguments: Arguments, name: str) -> bool:
    """A boolean as UPnP spells it, else UpnpError 402."""
    value = arguments.get(name, "").lower()
    if value not in ("0", "1", "true", "false", "yes", "no"):
        raise UpnpError(402)
    return value in ("1", "true", "yes")


def leads(player: Player) -> None:
    """Transport orders go to the coordinator of a group only."""
    if player.coordinator != player.uid:
        raise UpnpError(NOT_COORDINATOR)


def set_uri(household: Household, player: Player, arguments: Arguments) -> Arguments:
    """A new source; `x-rincon:UID` joins that player's group."""
    uri = arguments.get("CurrentURI", "")
    if uri.startswith("x-rincon:"):
        wanted = uri.removeprefix("x-rincon:")
        if wanted not in household.players or wanted == player.uid:
            raise UpnpError(701)
        household.join(player, household.players[wanted].coordinator)
        return {}
    if uri and not uri.startswith(PLAYABLE):
        raise UpnpError(714)
    if player.coordinator != player.uid:
        household.leave(player)
    player.uri, player.metadata, player.track = uri, arguments.get("CurrentURIMetaData", ""), 1
    player.go("STOPPED")
    return {}


def play(_household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """Start; first TRANSITIONING, as the network shell then makes it PLAYING."""
    leads(player)
    if not player.uri or (player.plays_queue and not player.queue):
        raise UpnpError(701)
    if player.transport != "PLAYING":
        player.go("TRANSITIONING")
    return {}


def pause(_household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """Pause what plays; a player that does not play refuses."""
    leads(player)
    if player.transport not in ("PLAYING", "TRANSITIONING"):
        raise UpnpError(701)
    player.go("PAUSED_PLAYBACK")
    return {}


def stop(_household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """Stop, also what does not play."""
    leads(player)
    player.go("STOPPED")
    return {}


def skip(player: Player, step: int) -> Arguments:
    """Another track of the queue; 711 beyond its ends, 701 where there are no tracks."""
    leads(player)
    if not player.plays_queue or not player.queue:
        raise UpnpError(701)
    if not 1 <= player.track + step <= len(player.queue):
        raise UpnpError(711)
    playing = player.transport
    player.track += step
    player.go("STOPPED")
    player.go(playing)
    return {}


def seek(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """Another track, or another time within it."""
    leads(player)
    if arguments.get("Unit") == "TRACK_NR":
        return skip(player, number(arguments, "Target", 0, 10_000) - player.track)
    if arguments.get("Unit") != "REL_TIME" or player.streams:
        raise UpnpError(701)
    hours, minutes, seconds = (int(part) for part in arguments["Target"].split(":"))
    player.go(player.transport)
    player.elapsed = hours * 3600.0 + minutes * 60 + seconds
    return {}


def add_to_queue(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """Append, or insert at a position; the title is the file's name."""
    leads(player)
    uri = arguments.get("EnqueuedURI", "")
    at = number(arguments, "DesiredFirstTrackNumberEnqueued", 0, 10_000) or len(player.queue) + 1
    player.queue.insert(at - 1, Track(uri.rsplit("/", 1)[-1], "", uri))
    return {
        "FirstTrackNumberEnqueued": str(at),
        "NumTracksAdded": "1",
        "NewQueueLength": str(len(player.queue)),
    }


def remove_from_queue(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """Take out one entry, named Q:0/N."""
    leads(player)
    index = arguments.get("ObjectID", "").removeprefix("Q:0/")
    if not index.isdigit() or not 1 <= int(index) <= len(player.queue):
        raise UpnpError(402)
    del player.queue[int(index) - 1]
    return {}


def clear_queue(_household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """Empty the queue, which stops it."""
    leads(player)
    player.queue = []
    if player.plays_queue:
        player.go("STOPPED")
    return {}


def stand_alone(household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """Leave the group."""
    household.leave(player)
    return {"DelegatedGroupCoordinatorID": "", "NewGroupID": group_id(player)}


def media_info(_household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """What the source is."""
    return {
        "NrTracks": str(len(player.queue) if player.plays_queue else 1),
        "MediaDuration": "NOT_IMPLEMENTED",
        "CurrentURI": player.uri,
        "CurrentURIMetaData": player.metadata,
        "NextURI": "",
        "NextURIMetaData": "",
        "PlayMedium": "NETWORK",
        "RecordMedium": "NOT_IMPLEMENTED",
        "WriteStatus": "NOT_IMPLEMENTED",
    }


def transport_info(household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """Whether it plays; a follower says what its coordinator does."""
    return {
        "CurrentTransportState": household.leader(player).transport,
        "CurrentTransportStatus": "OK",
        "CurrentSpeed": "1",
    }


def position_info(_household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """The track and the time within it."""
    track = player.current()
    return {
        "Track": str(player.track if track else int(bool(player.uri))),
        "TrackDuration": clock(track.duration if track else 0),
        "TrackMetaData": track_metadata(player),
        "TrackURI": track.uri if track else player.uri,
        "RelTime": clock(player.position()),
        "AbsTime": "NOT_IMPLEMENTED",
        "RelCount": "2147483647",
        "AbsCount": "2147483647",
    }


def track_metadata(player: Player) -> str:
    """DIDL-Lite of what is on, empty for nothing."""
    track = player.current()
    if track is not None:
        return didl([track_item(track)])
    if not player.uri or player.plays_queue or player.uri.startswith("x-rincon:"):
        return ""
    return didl([stream_item("", player.uri)])


def set_play_mode(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """Shuffle and repeat."""
    leads(player)
    if arguments.get("NewPlayMode") not in PLAY_MODES:
        raise UpnpError(712)
    player.play_mode = arguments["NewPlayMode"]
    return {}


def transport_actions(player: Player) -> str:
    """What can be asked of a player now."""
    return "Set, Stop, Pause, Play, X_DLNA_SeekTime, Next, Previous" if player.plays_queue else "Set, Stop, Pause, Play"
