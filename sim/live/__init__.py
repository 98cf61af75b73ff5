"""A session in real time."""
