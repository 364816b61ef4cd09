"""The simulated home: servers that speak the real protocols on loopback, behind one control port.

A process of its own (`python -m dobby.sim`). It shares no code with the rest of Dobby and uses no library that a
driver uses, so that what passes between them is the protocol and nothing else.
"""
