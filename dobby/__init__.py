"""Dobby, a house elf for real homes: one daemon, reached by text, that says only what the devices confirmed."""

__version__ = "0.1.0"
