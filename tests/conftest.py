"""What all tests share."""

from hypothesis import settings

# the same examples in every run: what lands is what was tested
# no deadline: how busy the machine is says nothing about the program
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
