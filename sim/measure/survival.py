"""How soon something happens, of those it has not happened to yet, too: from counts in bins.

Whoever is still waiting when the run ends has waited at least so long (right-censored), and whoever
waited already when it began was seen from then on only (left-truncated). Leaving either out takes
the quick ones for all. Kaplan and Meier (*Nonparametric estimation from incomplete observations*,
JASA 53, 1958) leave out neither; where several causes end the waiting, Aalen and Johansen (*An
empirical transition matrix*, Scandinavian Journal of Statistics 5, 1978) tell each apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST = 10
"""As long as others are still to come in late, fewer at risk decide nothing."""

_ROUNDING = 1e-12  # of sums of shares


def incidence(events: Ints, censored: Ints, late: Ints, least: int = LEAST) -> Floats:
    """Return which share each cause has ended by the end of each bin of time since the beginning.

    With a single cause it is one less Kaplan and Meier's curve. Within a bin, who comes in late is
    first and who is censored last, so that the events are among those at risk.

    Parameters
    ----------
    events : int64 [causes, bins]
        Whom each cause ended, by how long it took.
    censored : int64 [bins]
        For whom it was not over, by how long it had taken then.
    late : int64 [bins]
        Those of all these who had waited already when they were first seen, by how long.
    least : int
        An event among fewer is passed over while others are still to come in late: it would
        decide for all of them (Lai and Ying, *Estimating a distribution function with truncated
        and censored data*, Annals of Statistics 19, 1991).

    Returns
    -------
    float64 [causes, bins]
    """
    left = events.sum(axis=0) + censored
    came = np.cumsum(late)
    at_risk = left.sum() - came[-1] + came - (np.cumsum(left) - left)
    counts = (at_risk >= least) | (came == came[-1])
    share = np.divide(events, at_risk, out=np.zeros(events.shape), where=counts & (at_risk > 0))
    stay = np.cumprod(1.0 - share.sum(axis=0))
    before = np.concatenate(([1.0], stay[:-1]))
    return np.asarray(np.cumsum(before * share, axis=1))


def quantiles(shares: Sequence[float], of: Floats, edges: Floats) -> Floats:
    """Return by when each share of all have come to an end, evenly within a bin.

    Parameters
    ----------
    shares : sequence of float
        From 0 to 1.
    of : float64 [bins]
        The share by the end of each bin: one cause of `incidence`.
    edges : float64 [bins + 1]
        Where bins begin and the last one's end, s; what is in the first counts as no time.

    Returns
    -------
    float64 [shares]
        s; inf: that share was not seen.
    """
    found = np.full(len(shares), np.inf)
    for k, share in enumerate(shares):
        at = int(np.searchsorted(of, share - _ROUNDING))
        if at == 0:
            found[k] = 0.0
        elif at < len(of):
            within = min((share - of[at - 1]) / (of[at] - of[at - 1]), 1.0)
            found[k] = edges[at] + max(within, 0.0) * (edges[at + 1] - edges[at])
    return found
