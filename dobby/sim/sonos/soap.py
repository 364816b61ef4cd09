"""SOAP as UPnP speaks it: requests in, answers and faults out; pure."""

from xml.etree import ElementTree
from xml.sax.saxutils import escape

ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>{}</s:Body></s:Envelope>'
)

REASONS = {401: "Invalid Action", 402: "Invalid Args", 501: "Action Failed", 701: "Transition not available"}


class UpnpError(Exception):
    """A refusal with a UPnP error code (UDA 1.0 table 3-2, AVTransport:1 table 21, Sonos' own 800)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"UPnP {code}")
        self.code = code


def parse_request(body: bytes) -> tuple[str, dict[str, str]]:
    """The action and its arguments; UpnpError 401 for what is no SOAP request."""
    try:
        tree = ElementTree.fromstring(body)  # noqa: S314  # only loopback talks to the simulated home
    except ElementTree.ParseError as error:
        raise UpnpError(401) from error
    call = tree.find("{http://schemas.xmlsoap.org/soap/envelope/}Body/*")
    if call is None:
        raise UpnpError(401)
    return call.tag.rsplit("}", 1)[-1], {argument.tag: argument.text or "" for argument in call}


def answer(service: str, action: str, out: dict[str, str]) -> str:
    """A successful answer."""
    values = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in out.items())
    return ENVELOPE.format(f'<u:{action}Response xmlns:u="{service}">{values}</u:{action}Response>')


def fault(code: int) -> str:
    """A UPnP error."""
    reason = REASONS.get(code)
    text = f"<errorDescription>{reason}</errorDescription>" if reason else ""
    return ENVELOPE.format(
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
        f'<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>{code}</errorCode>{text}</UPnPError>'
        "</detail></s:Fault>"
    )
