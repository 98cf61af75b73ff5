"""Runs that belong together: calibration, and later comparison and sweeps."""
