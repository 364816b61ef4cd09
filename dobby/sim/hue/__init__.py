"""A Hue bridge: CLIP v2 over TLS, the link button, and the event stream.

Facts: developers.meethue.com (CLIP v2 reference), the models of public clients, and the answers of real bridges that
their issue trackers quote.
"""
