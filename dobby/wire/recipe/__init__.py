"""A learned device as data: what a recipe says (data.py), how values are found and turned (values.py), what it may
never do (guard.py), and the lines that carry it out (line.py): HTTP, TCP and UDP, WebSocket, UPnP, MQTT."""
