"""An MQTT broker and what hangs on it: sensors as Zigbee2MQTT announces them, plugs as Tasmota, a fan as ESPHome, a
vacuum cleaner as Valetudo, a pool and a spa as nodejs-poolController (njsPC).

The broker is amqtt; the payloads follow what those projects publish for Home Assistant (their documentation, and
messages that people captured from them).
"""
