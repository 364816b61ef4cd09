"""The services of a player as one table; the SCPD documents and the argument checks both come from it."""

from xml.sax.saxutils import escape

Signature = tuple[tuple[str, ...], tuple[str, ...]]


def _actions(text: str) -> dict[str, Signature]:
    """Lines of `Action: in arguments > out arguments`."""
    table: dict[str, Signature] = {}
    for line in text.strip().splitlines():
        name, arguments = line.strip().split(":", 1)
        into, out = arguments.split(">")
        table[name] = (tuple(into.split()), tuple(out.split()))
    return table


SERVICES: dict[str, dict[str, Signature]] = {
    "AVTransport": _actions(
        """
        SetAVTransportURI: InstanceID CurrentURI CurrentURIMetaData >
        AddURIToQueue: InstanceID EnqueuedURI EnqueuedURIMetaData DesiredFirstTrackNumberEnqueued EnqueueAsNext > FirstTrackNumberEnqueued NumTracksAdded NewQueueLength
        RemoveTrackFromQueue: InstanceID ObjectID UpdateID >
        RemoveAllTracksFromQueue: InstanceID >
        BecomeCoordinatorOfStandaloneGroup: InstanceID > DelegatedGroupCoordinatorID NewGroupID
        GetMediaInfo: InstanceID > NrTracks MediaDuration CurrentURI CurrentURIMetaData NextURI NextURIMetaData PlayMedium RecordMedium WriteStatus
        GetTransportInfo: InstanceID > CurrentTransportState CurrentTransportStatus CurrentSpeed
        GetPositionInfo: InstanceID > Track TrackDuration TrackMetaData TrackURI RelTime AbsTime RelCount AbsCount
        GetTransportSettings: InstanceID > PlayMode RecQualityMode
        GetCrossfadeMode: InstanceID > CrossfadeMode
        SetCrossfadeMode: InstanceID CrossfadeMode >
        GetCurrentTransportActions: InstanceID > Actions
        SetPlayMode: InstanceID NewPlayMode >
        Play: InstanceID Speed >
        Pause: InstanceID >
        Stop: InstanceID >
        Next: InstanceID >
        Previous: InstanceID >
        Seek: InstanceID Unit Target >
        """  # noqa: E501  # one action a line
    ),
    "RenderingControl": _actions(
        """
        GetVolume: InstanceID Channel > CurrentVolume
        SetVolume: InstanceID Channel DesiredVolume >
        SetRelativeVolume: InstanceID Channel Adjustment > NewVolume
        RampToVolume: InstanceID Channel RampType DesiredVolume ResetVolumeAfter ProgramURI > RampTime
        GetMute: InstanceID Channel > CurrentMute
        SetMute: InstanceID Channel DesiredMute >
        GetBass: InstanceID > CurrentBass
        SetBass: InstanceID DesiredBass >
        GetTreble: InstanceID > CurrentTreble
        SetTreble: InstanceID DesiredTreble >
        GetLoudness: InstanceID Channel > CurrentLoudness
        SetLoudness: InstanceID Channel DesiredLoudness >
        GetEQ: InstanceID EQType > CurrentValue
        GetSupportsOutputFixed: InstanceID > CurrentSupportsFixed
        GetOutputFixed: InstanceID > CurrentFixed
        """
    ),
    "GroupRenderingControl": _actions(
        """
        SnapshotGroupVolume: InstanceID >
        GetGroupVolume: InstanceID > CurrentVolume
        SetGroupVolume: InstanceID DesiredVolume >
        SetRelativeGroupVolume: InstanceID Adjustment > NewVolume
        GetGroupMute: InstanceID > CurrentMute
        SetGroupMute: InstanceID DesiredMute >
        """
    ),
    "DeviceProperties": _actions(
        """
        GetHouseholdID: > CurrentHouseholdID
        GetZoneAttributes: > CurrentZoneName CurrentIcon CurrentConfiguration CurrentTargetRoomName
        SetZoneAttributes: DesiredZoneName DesiredIcon DesiredConfiguration DesiredTargetRoomName >
        GetZoneInfo: > SerialNumber SoftwareVersion DisplaySoftwareVersion HardwareVersion IPAddress MACAddress CopyrightInfo ExtraInfo HTAudioIn Flags
        GetLEDState: > CurrentLEDState
        SetLEDState: DesiredLEDState >
        GetInvisible: > CurrentInvisible
        GetButtonLockState: > CurrentButtonLockState
        SetButtonLockState: DesiredButtonLockState >
        """  # noqa: E501  # one action a line
    ),
    "ZoneGroupTopology": _actions(
        """
        GetZoneGroupState: > ZoneGroupState
        GetZoneGroupAttributes: > CurrentZoneGroupName CurrentZoneGroupID CurrentZonePlayerUUIDsInGroup CurrentMuseHouseholdId
        """  # noqa: E501  # one action a line
    ),
    "ContentDirectory": _actions(
        """
        Browse: ObjectID BrowseFlag Filter StartingIndex RequestedCount SortCriteria > Result NumberReturned TotalMatches UpdateID
        GetSystemUpdateID: > Id
        GetShareIndexInProgress: > IsIndexing
        GetSearchCapabilities: > SearchCaps
        """  # noqa: E501  # one action a line
    ),
    "AlarmClock": _actions("ListAlarms: > CurrentAlarmList CurrentAlarmListVersion"),
}

PATHS = {
    "AVTransport": "/MediaRenderer/AVTransport",
    "RenderingControl": "/MediaRenderer/RenderingControl",
    "GroupRenderingControl": "/MediaRenderer/GroupRenderingControl",
    "DeviceProperties": "/DeviceProperties",
    "ZoneGroupTopology": "/ZoneGroupTopology",
    "ContentDirectory": "/MediaServer/ContentDirectory",
    "AlarmClock": "/AlarmClock",
}

EVENTED = {
    "AVTransport": ("LastChange",),
    "RenderingControl": ("LastChange",),
    "GroupRenderingControl": ("GroupVolume", "GroupMute", "GroupVolumeChangeable"),
    "DeviceProperties": ("ZoneName", "Icon", "Configuration", "Invisible"),
    "ZoneGroupTopology": ("ZoneGroupState", "ZoneGroupName", "ZoneGroupID", "ZonePlayerUUIDsInGroup"),
    "ContentDirectory": ("SystemUpdateID", "ContainerUpdateIDs", "FavoritesUpdateID"),
    "AlarmClock": ("AlarmListVersion",),
}

_TYPES = {"InstanceID": "ui4", "DesiredVolume": "ui2", "CurrentVolume": "ui2", "Adjustment": "i4", "Track": "ui4"}
_TYPES |= dict.fromkeys(("DesiredMute", "CurrentMute", "DesiredLoudness", "CurrentLoudness"), "boolean")


def reads_only(action: str) -> bool:
    """Whether an action leaves the player as it is."""
    return action.startswith(("Get", "Browse", "List", "Snapshot"))


def service_type(service: str) -> str:
    """The URN of a service."""
    return f"urn:schemas-upnp-org:service:{service}:1"


def scpd(service: str) -> str:
    """The service description that clients compose their requests from."""
    variables: dict[str, str] = {}
    actions = []
    for action, (into, out) in SERVICES[service].items():
        arguments = [_argument(name, "in", variables) for name in into]
        arguments += [_argument(name, "out", variables) for name in out]
        actions.append(f"<action><name>{action}</name><argumentList>{''.join(arguments)}</argumentList></action>")
    evented = "".join(
        f'<stateVariable sendEvents="yes"><name>{name}</name><dataType>string</dataType></stateVariable>'
        for name in EVENTED[service]
    )
    return (
        '<?xml version="1.0" encoding="utf-8" ?><scpd xmlns="urn:schemas-upnp-org:service-1-0">'
        "<specVersion><major>1</major><minor>0</minor></specVersion>"
        f"<serviceStateTable>{evented}{''.join(variables.values())}</serviceStateTable>"
        f"<actionList>{''.join(actions)}</actionList></scpd>"
    )


def _argument(name: str, direction: str, variables: dict[str, str]) -> str:
    variable = f"A_ARG_TYPE_{name}"
    limits = ""
    if name == "DesiredVolume":
        limits = "<allowedValueRange><minimum>0</minimum><maximum>100</maximum><step>1</step></allowedValueRange>"
    variables[variable] = (
        f'<stateVariable sendEvents="no"><name>{variable}</name><dataType>{_TYPES.get(name, "string")}</dataType>'
        f"{limits}</stateVariable>"
    )
    return (
        f"<argument><name>{escape(name)}</name><direction>{direction}</direction>"
        f"<relatedStateVariable>{variable}</relatedStateVariable></argument>"
    )
