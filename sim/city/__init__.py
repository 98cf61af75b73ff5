"""Where and who: the hierarchy, the geography, travel."""

from sim.city.apportion import apportion
from sim.city.city import City
from sim.city.travel import Travel

__all__ = ["City", "Travel", "apportion"]
