"""Optimizers: they decide, the simulator judges."""
