"""Sound and zone actions of a player, and the table of all actions; no network. Refusals are UpnpError."""

from collections.abc import Callable

from ..ids import colons
from .content import browse
from .player import SOFTWARE, Household, Player, group_id, topology
from .transport import (
    Arguments,
    add_to_queue,
    clear_queue,
    flag,
    leads,
    media_info,
    number,
    pause,
    play,
    position_info,
    remove_from_queue,
    seek,
    set_play_mode,
    set_uri,
    skip,
    stand_alone,
    stop,
    transport_actions,
    transport_info,
)

Action = Callable[[Household, Player, Arguments], Arguments]


def set_volume(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """0 to 100."""
    player.volume = number(arguments, "DesiredVolume", 0, 100)
    return {}


def set_relative_volume(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """Louder or quieter, clipped."""
    player.volume = min(100, max(0, player.volume + number(arguments, "Adjustment", -100, 100)))
    return {"NewVolume": str(player.volume)}


def set_mute(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """Mute or not."""
    player.muted = flag(arguments, "DesiredMute")
    return {}


def set_tone(player: Player, arguments: Arguments, word: str) -> Arguments:
    """Bass or treble, -10 to 10."""
    setattr(player, word, number(arguments, f"Desired{word.capitalize()}", -10, 10))
    return {}


def set_loudness(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """Loudness compensation."""
    player.loudness = flag(arguments, "DesiredLoudness")
    return {}


def group_volume(household: Household, player: Player) -> int:
    """The mean of a group."""
    members = household.members(player.uid)
    return round(sum(member.volume for member in members) / len(members)) if members else player.volume


def set_group_volume(household: Household, player: Player, volume: int) -> Arguments:
    """Shift every member by the same amount."""
    leads(player)
    shift = volume - group_volume(household, player)
    for member in household.members(player.uid):
        member.volume = min(100, max(0, member.volume + shift))
    return {}


def shift_group_volume(household: Household, player: Player, arguments: Arguments) -> Arguments:
    """The whole group louder or quieter."""
    set_group_volume(household, player, group_volume(household, player) + number(arguments, "Adjustment", -100, 100))
    return {"NewVolume": str(group_volume(household, player))}


def set_group_mute(household: Household, player: Player, arguments: Arguments) -> Arguments:
    """Mute every member, or none."""
    leads(player)
    for member in household.members(player.uid):
        member.muted = flag(arguments, "DesiredMute")
    return {}


def set_zone(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """A new name for the room."""
    player.name = arguments.get("DesiredZoneName") or player.name
    return {}


def zone_attributes(_household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """The room's name."""
    return {
        "CurrentZoneName": player.name,
        "CurrentIcon": "",
        "CurrentConfiguration": "1",
        "CurrentTargetRoomName": "",
    }


def zone_info(_household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """Serial number, version, addresses."""
    return {
        "SerialNumber": f"{colons(player.mac).upper().replace(':', '-')}:7",
        "SoftwareVersion": SOFTWARE,
        "DisplaySoftwareVersion": "16.6",
        "HardwareVersion": "1.26.1.8-2.1",
        "IPAddress": player.address.host,
        "MACAddress": colons(player.mac).upper(),
        "CopyrightInfo": "",
        "ExtraInfo": "OTP: 1.1.1(1-26-1-zp18.13-0.5)",
        "HTAudioIn": "0",
        "Flags": "1",
    }


def group_attributes(household: Household, player: Player, _arguments: Arguments) -> Arguments:
    """The group of this player."""
    members = household.members(player.coordinator)
    return {
        "CurrentZoneGroupName": " + ".join(member.name for member in members),
        "CurrentZoneGroupID": group_id(household.leader(player)),
        "CurrentZonePlayerUUIDsInGroup": ",".join(member.uid for member in members),
        "CurrentMuseHouseholdId": household.name,
    }


def set_led(_household: Household, player: Player, arguments: Arguments) -> Arguments:
    """The status light."""
    player.led = arguments.get("DesiredLEDState") == "On"
    return {}


def _say(**texts: str) -> Action:
    return lambda _household, _player, _arguments: texts


ACTIONS: dict[str, Action] = {
    "SetAVTransportURI": set_uri,
    "AddURIToQueue": add_to_queue,
    "RemoveTrackFromQueue": remove_from_queue,
    "RemoveAllTracksFromQueue": clear_queue,
    "BecomeCoordinatorOfStandaloneGroup": stand_alone,
    "GetMediaInfo": media_info,
    "GetTransportInfo": transport_info,
    "GetPositionInfo": position_info,
    "GetTransportSettings": lambda _h, p, _a: {"PlayMode": p.play_mode, "RecQualityMode": "NOT_IMPLEMENTED"},
    "GetCrossfadeMode": lambda _h, p, _a: {"CrossfadeMode": str(int(p.crossfade))},
    "GetCurrentTransportActions": lambda _h, p, _a: {"Actions": transport_actions(p)},
    "SetPlayMode": set_play_mode,
    "Play": play,
    "Pause": pause,
    "Stop": stop,
    "Next": lambda _h, p, _a: skip(p, 1),
    "Previous": lambda _h, p, _a: skip(p, -1),
    "Seek": seek,
    "GetVolume": lambda _h, p, a: {"CurrentVolume": str(p.volume if a.get("Channel") == "Master" else 100)},
    "SetVolume": set_volume,
    "SetRelativeVolume": set_relative_volume,
    "RampToVolume": lambda h, p, a: set_volume(h, p, a) | {"RampTime": "1"},
    "GetMute": lambda _h, p, _a: {"CurrentMute": str(int(p.muted))},
    "SetMute": set_mute,
    "GetBass": lambda _h, p, _a: {"CurrentBass": str(p.bass)},
    "SetBass": lambda _h, p, a: set_tone(p, a, "bass"),
    "GetTreble": lambda _h, p, _a: {"CurrentTreble": str(p.treble)},
    "SetTreble": lambda _h, p, a: set_tone(p, a, "treble"),
    "GetLoudness": lambda _h, p, _a: {"CurrentLoudness": str(int(p.loudness))},
    "SetLoudness": set_loudness,
    "GetEQ": _say(CurrentValue="0"),
    "GetSupportsOutputFixed": _say(CurrentSupportsFixed="0"),
    "GetOutputFixed": _say(CurrentFixed="0"),
    "SnapshotGroupVolume": _say(),
    "GetGroupVolume": lambda h, p, _a: {"CurrentVolume": str(group_volume(h, p))},
    "SetGroupVolume": lambda h, p, a: set_group_volume(h, p, number(a, "DesiredVolume", 0, 100)),
    "SetRelativeGroupVolume": shift_group_volume,
    "GetGroupMute": lambda h, p, _a: {"CurrentMute": str(int(all(m.muted for m in h.members(p.uid))))},
    "SetGroupMute": set_group_mute,
    "GetHouseholdID": lambda h, _p, _a: {"CurrentHouseholdID": h.name},
    "GetZoneAttributes": zone_attributes,
    "SetZoneAttributes": set_zone,
    "GetZoneInfo": zone_info,
    "GetLEDState": lambda _h, p, _a: {"CurrentLEDState": "On" if p.led else "Off"},
    "SetLEDState": set_led,
    "GetInvisible": _say(CurrentInvisible="0"),
    "GetButtonLockState": _say(CurrentButtonLockState="Off"),
    "GetZoneGroupState": lambda h, _p, _a: {"ZoneGroupState": topology(h)},
    "GetZoneGroupAttributes": group_attributes,
    "Browse": browse,
    "GetSystemUpdateID": _say(Id="1"),
    "GetShareIndexInProgress": _say(IsIndexing="0"),
    "GetSearchCapabilities": _say(SearchCaps=""),
    "ListAlarms": _say(CurrentAlarmList="<Alarms></Alarms>", CurrentAlarmListVersion="RINCON:1"),
}
