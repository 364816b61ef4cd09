"""DIDL-Lite, the metadata language of UPnP, for tracks, stations, favourites and the queue."""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ..house import Favorite

NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/" '
    'xmlns:r="urn:schemas-rinconnetworks-com:metadata-1-0/" xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/"'
)
TRACK_CLASS = "object.item.audioItem.musicTrack"
STATION_CLASS = "object.item.audioItem.audioBroadcast"
STREAMS = ("x-rincon-mp3radio:", "x-sonosapi-stream:", "x-sonosapi-radio:", "aac:", "hls-radio:", "x-sonosapi-hls:")


@dataclass(frozen=True, slots=True)
class Track:
    """One entry of a queue."""

    title: str
    creator: str
    uri: str
    duration: int = 210


def didl(items: list[str]) -> str:
    """Items inside the root element."""
    return f"<DIDL-Lite {NAMESPACES}>{''.join(items)}</DIDL-Lite>"


def track_item(track: Track, item_id: str = "-1", parent: str = "-1") -> str:
    """A queue entry or the track that plays."""
    return (
        f'<item id={quoteattr(item_id)} parentID={quoteattr(parent)} restricted="true">'
        f'<res protocolInfo="http-get:*:audio/mpeg:*" duration="{clock(track.duration)}">{escape(track.uri)}</res>'
        f"<dc:title>{escape(track.title)}</dc:title><upnp:class>{TRACK_CLASS}</upnp:class>"
        f"<dc:creator>{escape(track.creator)}</dc:creator></item>"
    )


def stream_item(title: str, uri: str) -> str:
    """The metadata of a stream that plays: the title is the file's name, what is on is in streamContent."""
    name = escape(uri.rsplit("/", 1)[-1])
    return (
        f'<item id="-1" parentID="-1" restricted="true"><res protocolInfo="sonos.com-http:*:*:*">{escape(uri)}</res>'
        f"<r:streamContent>{escape(title)}</r:streamContent><dc:title>{name}</dc:title>"
        f"<upnp:class>object.item</upnp:class></item>"
    )


def favorite_item(number: int, favorite: Favorite) -> str:
    """An entry of FV:2, with the metadata that playing it needs in resMD."""
    protocol = "x-rincon-mp3radio:*:*:*" if favorite.radio else "http-get:*:audio/mpeg:*"
    described = "TuneIn Station" if favorite.radio else "Music Library"
    return (
        f'<item id="FV:2/{number}" parentID="FV:2" restricted="false"><dc:title>{escape(favorite.title)}</dc:title>'
        "<upnp:class>object.itemobject.item.sonos-favorite</upnp:class>"
        f'<r:ordinal>{number}</r:ordinal><res protocolInfo="{protocol}">{escape(favorite.uri)}</res>'
        f"<r:type>instantPlay</r:type><r:description>{described}</r:description>"
        f"<r:resMD>{escape(favorite_metadata(favorite))}</r:resMD></item>"
    )


def favorite_metadata(favorite: Favorite) -> str:
    """What a client passes as CurrentURIMetaData to play a favourite."""
    kind = STATION_CLASS if favorite.radio else TRACK_CLASS
    return didl(
        [
            f'<item id="F00092020{abs(hash_of(favorite.title))}" parentID="L" restricted="true">'
            f"<dc:title>{escape(favorite.title)}</dc:title><upnp:class>{kind}</upnp:class>"
            '<desc id="cdudn" nameSpace="urn:schemas-rinconnetworks-com:metadata-1-0/">SA_RINCON65031_</desc></item>'
        ]
    )


def hash_of(text: str) -> int:
    """A small number that stays the same for a text."""
    return sum(index * ord(letter) for index, letter in enumerate(text, 1)) % 100000


def clock(seconds: float) -> str:
    """H:MM:SS."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
