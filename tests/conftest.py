"""What all tests share."""

from hypothesis import settings

# the same examples in every run: what lands is what was tested
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
