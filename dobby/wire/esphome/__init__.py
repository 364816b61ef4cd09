"""ESPHome's native API: the line through aioesphomeapi, and its entities in our traits."""
