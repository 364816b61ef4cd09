"""Home Assistant as a hub, over its websocket API: the line, its registries, and its domains in our traits."""
