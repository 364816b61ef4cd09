"""MQTT as homes use it: a line to a broker, Home Assistant's discovery messages on it, and what its entities say.

line.py is the only part that touches a network. discovery.py reads what a device says it is; parts.py and the files
beside it (lights, air, doors, plain) turn that into traits, topics to read and messages to send; template.py renders
the small programs that payloads bring along. Source of the facts: home-assistant.io/integrations/mqtt.
"""
