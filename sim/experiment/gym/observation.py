"""What an agent sees at a decision: numbers in arrays of a fixed size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, log1p, pi, sin
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from sim.clock import DAY, HOUR, WEEK
from sim.policy import View

Observation = dict[str, Any]
"""Arrays of float32 by name."""

TICKET = ("urgency", "waited_h", "slack_h", "attended", "work_h", "x_km", "y_km")
"""Features of a ticket: urgency (1 is high), hours waited, hours until the next deadline (below 0:
past it), whether a crew was there before, mean work of its category, place."""
_TICKET_LOW = (-8.0, 0.0, -WEEK / HOUR, 0.0, 0.0, -500.0, -500.0)
_TICKET_HIGH = (8.0, WEEK / HOUR, WEEK / HOUR, 1.0, 24.0, 500.0, 500.0)
CREW = ("x_km", "y_km")
"""Features of a crew: where it is."""
TIME = ("sin_day", "cos_day", "sin_week", "cos_week", "past", "log_tickets", "log_crews")
"""Features of the moment: hour and weekday on circles, the share of the run that is over, and
ln(1 + n) of all the tickets that wait and all the crews that are free here."""


@dataclass(frozen=True)
class Epoch:
    """A decision that is due.

    Attributes
    ----------
    view : View
        What is known.
    tickets, crews : sequences of int
        Who waits, in the policy's order, and who is free.
    """

    view: View
    tickets: Sequence[int]
    crews: Sequence[int]


@dataclass(frozen=True, eq=False)
class Shown:
    """The part of a decision that fits into an observation.

    Attributes
    ----------
    tickets : list of int [<= K]
        The first of those that wait.
    crews : list of int [<= M]
        Those that would be with the first ticket soonest, in this order.
    travel : float64 [tickets, crews]
        s.
    """

    tickets: list[int]
    crews: list[int]
    travel: NDArray[np.float64]

    @classmethod
    def of(cls, epoch: Epoch, tickets: int, crews: int) -> Shown:
        """Choose what is shown."""
        way, first = epoch.view.travel, epoch.tickets[0]
        nearest = sorted(epoch.crews, key=lambda crew: (way(crew, first), crew))[:crews]
        chosen = list(epoch.tickets[:tickets])
        travel = np.array([[way(crew, ticket) for crew in nearest] for ticket in chosen])
        return cls(chosen, nearest, travel)


class Observer:
    """Turns decisions into observations.

    Parameters
    ----------
    tickets, crews : int
        How many fit into an observation.
    centre : pair of float
        From where places are told, m.
    weekday : int
        Of the first day, 0 is Monday.
    horizon : float
        s.
    """

    def __init__(
        self, tickets: int, crews: int, centre: tuple[float, float], weekday: int, horizon: float
    ) -> None:
        self.tickets, self.crews = tickets, crews
        self.centre, self.weekday, self.horizon = centre, weekday, horizon
        low, high = np.array(_TICKET_LOW), np.array(_TICKET_HIGH)
        self.space = spaces.Dict(
            {
                "tickets": _box(np.tile(low, (tickets, 1)), np.tile(high, (tickets, 1))),
                "crews": _box(np.full((crews, len(CREW)), -500.0), np.full((crews, 2), 500.0)),
                "travel_h": _box(np.zeros((tickets, crews)), np.full((tickets, crews), 24.0)),
                "time": _box(
                    np.array([-1.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0]),
                    np.array([1.0, 1.0, 1.0, 1.0, 1.0, 20.0, 20.0]),
                ),
            }
        )

    def observe(self, epoch: Epoch | None, shown: Shown | None, now: float) -> Observation:
        """Return what is seen; rows without a ticket or crew are 0, as all is at the end."""
        seen: dict[str, NDArray[np.float64]] = {
            name: np.zeros(space.shape or ()) for name, space in self.space.items()
        }
        seen["time"][:5] = self._time(now)
        if epoch is not None and shown is not None:
            view, (n, m) = epoch.view, shown.travel.shape
            seen["tickets"][:n] = [self._ticket(view, ticket) for ticket in shown.tickets]
            seen["crews"][:m] = [self._place(view.position(crew)) for crew in shown.crews]
            seen["travel_h"][:n, :m] = shown.travel / HOUR
            seen["time"][5:] = log1p(len(epoch.tickets)), log1p(len(epoch.crews))
        return {name: self._clip(name, values) for name, values in seen.items()}

    def _clip(self, name: str, values: NDArray[np.float64]) -> NDArray[np.float32]:
        space: Any = self.space[name]
        return np.clip(values.astype(np.float32), space.low, space.high)

    def _time(self, now: float) -> tuple[float, ...]:
        day, week = 2 * pi * now / DAY, 2 * pi * (now + self.weekday * DAY) / WEEK
        return sin(day), cos(day), sin(week), cos(week), now / self.horizon

    def _place(self, xy: tuple[float, float]) -> tuple[float, float]:
        return (xy[0] - self.centre[0]) / 1000, (xy[1] - self.centre[1]) / 1000

    def _ticket(self, view: View, ticket: int) -> tuple[float, ...]:
        attended = view.arrived(ticket)
        due = view.due_close(ticket) if attended else view.due_arrive(ticket)
        return (
            view.urgency(ticket),
            (view.now - view.ready(ticket)) / HOUR,
            (due - view.now) / HOUR,
            float(attended),
            view.expected_work(ticket) / HOUR,
            *self._place(view.place(ticket)),
        )


def _box(low: NDArray[np.float64], high: NDArray[np.float64]) -> spaces.Box:
    return spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)
