"""Hints at what was perhaps meant."""

from sim.errors import suggestion

__all__ = ["suggestion"]
