"""What a player is and the household that players form; no network."""

import time
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from ..house import Favorite, SpeakerSpec
from ..net import Address
from .didl import STREAMS, Track

SOFTWARE = "83.1-61240"


@dataclass(slots=True)
class Player:
    """One player; `coordinator` is its own uid unless it follows another in a group."""

    spec: SpeakerSpec
    uid: str
    mac: str
    address: Address
    coordinator: str
    name: str
    volume: int = 18
    muted: bool = False
    transport: str = "STOPPED"
    uri: str = ""
    metadata: str = ""
    queue: list[Track] = field(default_factory=list)
    track: int = 1
    play_mode: str = "NORMAL"
    crossfade: bool = False
    bass: int = 0
    treble: int = 0
    loudness: bool = True
    led: bool = True
    elapsed: float = 0.0
    since: float = 0.0
    generation: int = 0

    @property
    def streams(self) -> bool:
        """Whether its source is a stream without an end."""
        return self.uri.startswith(STREAMS)

    @property
    def plays_queue(self) -> bool:
        """Whether its source is its queue."""
        return self.uri.startswith("x-rincon-queue:")

    def current(self) -> Track | None:
        """The track of the queue that is on."""
        return self.queue[self.track - 1] if self.plays_queue and 0 < self.track <= len(self.queue) else None

    def position(self) -> float:
        """Seconds into what is on."""
        running = time.monotonic() - self.since if self.transport == "PLAYING" else 0.0
        return self.elapsed + running

    def go(self, transport: str) -> None:
        """Change the transport state and keep the time."""
        self.elapsed = 0.0 if transport == "STOPPED" else self.position()
        self.transport, self.since = transport, time.monotonic()


@dataclass(slots=True)
class Household:
    """All players by uid; groups are who names whom as coordinator."""

    name: str
    players: dict[str, Player]
    favorites: tuple[Favorite, ...]

    def members(self, coordinator: str) -> list[Player]:
        """The group of a coordinator, it first."""
        group = [player for player in self.players.values() if player.coordinator == coordinator]
        return sorted(group, key=lambda player: player.uid != coordinator)

    def leader(self, player: Player) -> Player:
        """Whose music a player plays."""
        return self.players[player.coordinator]

    def leave(self, player: Player) -> None:
        """Take a player out of its group; if it led, the next member takes over with the music."""
        others = [other for other in self.members(player.coordinator) if other is not player]
        if player.coordinator == player.uid and others:
            heir = others[0]
            for word in ("uri", "metadata", "queue", "track", "transport", "elapsed", "since"):
                setattr(heir, word, getattr(player, word))
            for other in others:
                other.coordinator = heir.uid
        was_following = player.coordinator != player.uid
        player.coordinator = player.uid
        if was_following or others:
            player.uri, player.metadata = f"x-rincon-queue:{player.uid}#0", ""
            player.go("STOPPED")

    def join(self, player: Player, coordinator: str) -> None:
        """Put a player into a group."""
        if player.coordinator == coordinator:
            return
        self.leave(player)
        player.coordinator = coordinator
        player.uri, player.metadata = f"x-rincon:{coordinator}", ""


def topology(household: Household) -> str:
    """The ZoneGroupState document."""
    groups = []
    for player in household.players.values():
        if player.coordinator != player.uid:
            continue
        members = "".join(_member(member) for member in household.members(player.uid))
        groups.append(f'<ZoneGroup Coordinator="{player.uid}" ID="{group_id(player)}">{members}</ZoneGroup>')
    listed = "".join(groups)
    return f"<ZoneGroupState><ZoneGroups>{listed}</ZoneGroups><VanishedDevices></VanishedDevices></ZoneGroupState>"


def group_id(coordinator: Player) -> str:
    """The id of the group that a player leads."""
    return f"{coordinator.uid}:{1000 + coordinator.generation}"


def _member(player: Player) -> str:
    return (
        f'<ZoneGroupMember UUID="{player.uid}" Location="http://{player.address}/xml/device_description.xml" '
        f'ZoneName={quoteattr(player.name)} Icon="" Configuration="1" SoftwareVersion="{SOFTWARE}" SWGen="2" '
        'MinCompatibleVersion="82.0-00000" LegacyCompatibleVersion="58.0-00000" BootSeq="7" TVConfigurationError="0" '
        'HdmiCecAvailable="0" WirelessMode="1" WirelessLeafOnly="0" ChannelFreq="2437" BehindWifiExtender="0" '
        'WifiEnabled="1" EthLink="0" Orientation="0" RoomCalibrationState="4" SecureRegState="3" '
        'VoiceConfigState="0" MicEnabled="0" AirPlayEnabled="1" IdleState="1" MoreInfo="" SSLPort="1443" '
        'HHSSLPort="1843"/>'
    )


def description(player: Player) -> str:
    """The device description; soco reads the MAC address from the serial number."""
    serial = f"{'-'.join(player.mac[i : i + 2].upper() for i in range(0, 12, 2))}:7"
    return f"""<?xml version="1.0" encoding="utf-8" ?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>0</minor></specVersion>
<device>
<deviceType>urn:schemas-upnp-org:device:ZonePlayer:1</deviceType>
<friendlyName>{player.address.host} - {escape(player.spec.model)} - {player.uid}</friendlyName>
<manufacturer>Sonos, Inc.</manufacturer>
<manufacturerURL>http://www.sonos.com</manufacturerURL>
<modelNumber>{player.spec.model_number}</modelNumber>
<modelDescription>{escape(player.spec.model)}</modelDescription>
<modelName>{escape(player.spec.model)}</modelName>
<modelURL>http://www.sonos.com/products/zoneplayers/{player.spec.model_number}</modelURL>
<softwareVersion>{SOFTWARE}</softwareVersion>
<swGen>2</swGen>
<hardwareVersion>1.26.1.8-2.1</hardwareVersion>
<serialNum>{serial}</serialNum>
<MACAddress>{serial[:17].replace("-", ":")}</MACAddress>
<UDN>uuid:{player.uid}</UDN>
<iconList><icon><id>0</id><mimetype>image/png</mimetype><width>48</width><height>48</height><depth>24</depth>
<url>/img/icon-{player.spec.model_number}.png</url></icon></iconList>
<minCompatibleVersion>82.0-00000</minCompatibleVersion>
<displayVersion>16.6</displayVersion>
<roomName>{escape(player.name)}</roomName>
<displayName>{escape(player.spec.model.removeprefix("Sonos "))}</displayName>
<zoneType>14</zoneType>
</device>
</root>
"""
