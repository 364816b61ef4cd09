"""Sonos players: SSDP, description, SOAP control, GENA events, groups and favourites, on port 1400.

Facts: what soco and Home Assistant ask of real players, sonos.svrooij.io, and the UPnP AV specifications
(AVTransport:1, RenderingControl:1, ContentDirectory:1).
"""
