"""A metric by its name, as somebody has typed it."""

from __future__ import annotations

from sim.errors import InputError, suggestion
from sim.measure.catalogue import KPIS, METRICS
from sim.measure.metric import POLICY, Better, Metric

_FORMER = {
    "tickets.eyes": "tickets.observers",
    "hotline.answered": "hotline.answered_1h",
    "closing_rate": "throughput",
    "closing_rate.hotline": "requests.on_time",
    "state.vanished": "vanished",
    "backlog.calling": "state.calling",
    "backlog.registered": "state.registered",
    "backlog.recording": "state.recording",
    **{f"{role}.utilisation": f"{role}.work" for role in ("operators", "gridworkers", "crews")},
}
"""What a measure was called that is not there any more, or what comes nearest to it now."""


def find(name: str, field: str = "target") -> Metric:
    """Return what is declared of a metric.

    Parameters
    ----------
    name : str
        Such as ``close.p90``, or ``policy.…``: what a policy tells, which is declared nowhere.
    field : str
        Where it was asked for.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    if name in METRICS:
        return METRICS[name]
    if name.startswith(POLICY):
        return Metric(name, name, "", "", Better.NEITHER, None)
    if name in _FORMER:
        raise InputError("command line", field, name, f"no name any more; now {_FORMER[name]}")
    begins = [known for known in KPIS if known.startswith(name)]
    hint = f"; did you mean {begins[0]}?" if begins else suggestion(name, METRICS)
    raise InputError("command line", field, name, f"a measure that `sim measures` lists{hint}")
