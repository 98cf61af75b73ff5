"""What a dispatch policy is, and what it may know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Protocol


class View(Protocol):
    """What is known at a decision epoch: the past and the present, never the future.

    Tickets and crews are numbers. Times are s since the scenario's start, places m.
    """

    @property
    def now(self) -> float:
        """The present."""

    def accepted(self, ticket: int) -> float:
        """When the ticket was accepted."""

    def ready(self, ticket: int) -> float:
        """When it was signed for, or reopened: since then it waits for a crew."""

    def urgency(self, ticket: int) -> int:
        """Its priority (1 is the highest) less its levels of supervision; see `rules.urgency`."""

    def due_arrive(self, ticket: int) -> float:
        """Until when a crew should be there."""

    def due_close(self, ticket: int) -> float:
        """Until when it should be closed."""

    def arrived(self, ticket: int) -> bool:
        """Whether a crew has been there before."""

    def category(self, ticket: int) -> str:
        """Its category, by id."""

    def expected_work(self, ticket: int) -> float:
        """Mean work on site for its category, s; the true one shows only on site."""

    def place(self, ticket: int) -> tuple[float, float]:
        """Where it is."""

    def position(self, crew: int) -> tuple[float, float]:
        """Where the crew is, perhaps on its way back to its base."""

    def travel(self, crew: int, ticket: int) -> float:
        """How long the crew would be under way to the ticket, s."""


class Policy(ABC):
    """Decides, for one unit at a time, which ticket is next and which crew goes.

    The engine asks when a ticket begins to wait and when crews become free, and asks again
    until one of the two has run out.
    """

    name: ClassVar[str]

    @abstractmethod
    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Return the ticket's place in the queue; smaller goes first, ties by ticket number.

        It is asked for when the ticket begins to wait, and again when supervision takes it up.
        """

    def choose(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> tuple[int, int]:
        """Return a ticket and the crew that goes.

        Parameters
        ----------
        view : View
            What is known.
        tickets : sequence of int
            Tickets that could be served now, in the order of their keys; never empty.
        crews : sequence of int
            The unit's free crews on duty, ascending; never empty.
        """
        return tickets[0], self.choose_crew(view, tickets[0], crews)

    def choose_crew(self, view: View, ticket: int, crews: Sequence[int]) -> int:
        """Return the crew that goes: the one there first, ties by number.

        It is also asked for each further department of a joint ticket.
        """
        return min(crews, key=lambda crew: (view.travel(crew, ticket), crew))
