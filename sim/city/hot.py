"""Hot stretches: a grid has streets where far more happens than on the others.

Crime and disorder gather on few streets in every city that was looked at: half of it on 4 to 6 %
of the street segments (Weisburd, The law of crime concentration, Criminology 53, 2015).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.city.geometry import geography


def hot_stretches(city: City) -> NDArray[np.float64]:
    """Return where each grid's hot stretch begins, as a share of its loop [G].

    It is a fact of the geography, the same in every replication.
    """
    out = np.zeros(len(city.grid_xy))
    for district, code in enumerate(city.district_code):
        here = city.grid_district == district
        out[here] = geography(code, "hot").random(int(here.sum()))
    return out
