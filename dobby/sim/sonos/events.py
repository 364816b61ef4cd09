"""The property sets that a player sends to subscribers; pure."""

from xml.sax.saxutils import escape, quoteattr

from .actions import group_volume
from .didl import didl, stream_item
from .player import Household, Player, group_id, topology
from .transport import position_info, track_metadata, transport_actions

Properties = dict[str, str]


def properties(service: str, household: Household, player: Player) -> Properties:
    """Every evented variable of a service with its present value."""
    match service:
        case "AVTransport":
            return {"LastChange": _last_change("AVT", _transport(household, player))}
        case "RenderingControl":
            return {"LastChange": _last_change("RCS", _rendering(player))}
        case "GroupRenderingControl":
            volume, muted = group_volume(household, player), all(m.muted for m in household.members(player.uid))
            return {"GroupVolume": str(volume), "GroupMute": str(int(muted)), "GroupVolumeChangeable": "1"}
        case "DeviceProperties":
            return {"ZoneName": player.name, "Icon": "", "Configuration": "1", "Invisible": "0"}
        case "ZoneGroupTopology":
            members = household.members(player.coordinator)
            return {
                "ZoneGroupState": topology(household),
                "ZoneGroupName": " + ".join(member.name for member in members),
                "ZoneGroupID": group_id(household.leader(player)),
                "ZonePlayerUUIDsInGroup": ",".join(member.uid for member in members),
            }
        case "ContentDirectory":
            # a client fetches the queue again when this number is another
            return {"SystemUpdateID": "1", "ContainerUpdateIDs": f"Q:0,{len(player.queue)}", "FavoritesUpdateID": "1"}
        case _:
            return {"AlarmListVersion": f"{player.uid}:1"}


def property_set(values: Properties) -> str:
    """The body of a NOTIFY (UDA 1.0, 4.3)."""
    inner = "".join(f"<e:property><{name}>{escape(value)}</{name}></e:property>" for name, value in values.items())
    return f'<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0">{inner}</e:propertyset>'


def _last_change(space: str, variables: list[tuple[str, str]]) -> str:
    inner = "".join(f"<{name} val={quoteattr(value)}/>" for name, value in variables)
    return (
        f'<Event xmlns="urn:schemas-upnp-org:metadata-1-0/{space}/" '
        f'xmlns:r="urn:schemas-rinconnetworks-com:metadata-1-0/"><InstanceID val="0">{inner}</InstanceID></Event>'
    )


def _transport(household: Household, player: Player) -> list[tuple[str, str]]:
    where = position_info(household, player, {})
    return [
        ("TransportState", household.leader(player).transport),
        ("CurrentPlayMode", player.play_mode),
        ("CurrentCrossfadeMode", str(int(player.crossfade))),
        ("NumberOfTracks", str(len(player.queue) if player.plays_queue else 1)),
        ("CurrentTrack", where["Track"]),
        ("CurrentSection", "0"),
        ("CurrentTrackURI", where["TrackURI"]),
        ("CurrentTrackDuration", where["TrackDuration"]),
        ("CurrentTrackMetaData", track_metadata(player)),
        ("r:NextTrackURI", ""),
        ("r:NextTrackMetaData", ""),
        ("r:EnqueuedTransportURI", player.uri),
        ("r:EnqueuedTransportURIMetaData", player.metadata or _named(player)),
        ("PlaybackStorageMedium", "NETWORK"),
        ("AVTransportURI", player.uri),
        ("AVTransportURIMetaData", player.metadata),
        ("NextAVTransportURI", ""),
        ("NextAVTransportURIMetaData", ""),
        ("CurrentTransportActions", transport_actions(player)),
        ("r:CurrentValidPlayModes", "SHUFFLE,REPEAT,CROSSFADE" if player.plays_queue else ""),
        ("TransportStatus", "OK"),
        ("r:SleepTimerGeneration", "0"),
        ("r:AlarmRunning", "0"),
        ("r:SnoozeRunning", "0"),
        ("TransportPlaySpeed", "1"),
    ]


def _named(player: Player) -> str:
    return didl([stream_item("", player.uri)]) if player.streams else ""


def _rendering(player: Player) -> list[tuple[str, str]]:
    """Channels are their own attribute: it is smuggled in with the name, as `quoteattr` guards only the value."""
    return [
        ('Volume channel="Master"', str(player.volume)),
        ('Volume channel="LF"', "100"),
        ('Volume channel="RF"', "100"),
        ('Mute channel="Master"', str(int(player.muted))),
        ('Mute channel="LF"', "0"),
        ('Mute channel="RF"', "0"),
        ("Bass", str(player.bass)),
        ("Treble", str(player.treble)),
        ('Loudness channel="Master"', str(int(player.loudness))),
        ("OutputFixed", "0"),
        ("HeadphoneConnected", "0"),
        ("SpeakerSize", "5"),
        ("PresetNameList", "FactoryDefaults"),
    ]
