"""WLED strips: JSON over HTTP and over a WebSocket.

Facts: kno.wled.ge/interfaces/json-api and kno.wled.ge/interfaces/websocket, version 0.15.
"""
