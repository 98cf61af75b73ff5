"""What a dispatch policy is, and what it may know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol


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
        """Where the crew is, perhaps on its way back to its base; on roads, where it can turn."""

    def travel(self, crew: int, ticket: int) -> float:
        """How long the crew would be under way to the ticket, s."""

    def strength(self, crew: int) -> int:
        """How many crews of its unit are on duty, free or not."""

    def between(self, start: int, end: int) -> float:
        """How long a crew that leaves now is under way from one ticket to another, s."""

    def joint(self, ticket: int) -> bool:
        """Whether it needs crews of several departments at once."""

    def colleagues(self, crew: int) -> Sequence[int]:
        """All crews of its unit that are on duty, free or not, ascending; itself among them."""

    def serving(self, crew: int) -> int:
        """Return the ticket it travels to or works at, -1: none."""

    def free_at(self, crew: int) -> float:
        """When it will be free, if its work takes as long as `expected_work` says, s."""

    def shift_end(self, crew: int) -> float:
        """When the shift of a crew on duty ends, s; inf: never."""


class HindsightView(View, Protocol):
    """What only a policy with ``hindsight`` is told."""

    def true_work(self, ticket: int) -> float:
        """How long the work on site will really take, s."""


class PolicyFigure(NamedTuple):
    """A figure with its unit: ``1``, ``s``, ``ms`` or ``share``."""

    value: float
    unit: str


class Policy(ABC):
    """Decides, for one unit at a time, which ticket is next and which crew goes.

    The engine asks when a ticket begins to wait, when crews become free, when a shift begins
    and when supervision raises a ticket, and asks again until nobody is sent.

    Attributes
    ----------
    name : str
        By which it is chosen and shown.
    epoch_s : float
        0: it decides at once. Otherwise only at whole multiples of this many seconds, so that
        several tickets and crews can be matched together; a multiple of 1/1024.
    jobs_first : bool
        Whether a gridworker leaves the round for a simple ticket that waits in the grid, or
        goes to it only between the rounds of the shift.
    hindsight : bool
        Whether it sees what nobody can know (`HindsightView`): a bound, not a way to work.
    """

    name: str
    epoch_s: float = 0.0
    jobs_first: bool = True
    hindsight: bool = False

    @abstractmethod
    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Return the ticket's place in the queue; smaller goes first, ties by ticket number.

        It is asked for when the ticket begins to wait, and again when supervision takes it up.
        """

    def assign(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> Sequence[tuple[int, int]]:
        """Return pairs of ticket and crew, to be sent in this order; none: nobody goes now.

        Each ticket and each crew at most once. A pair whose joint ticket has lost the crews of
        its other departments to an earlier pair is passed over. Only policies that decide on
        several at once need more than `choose`.

        Parameters
        ----------
        view : View
            What is known.
        tickets : sequence of int
            Tickets that could be served now, in the order of their keys; never empty.
        crews : sequence of int
            The unit's free crews on duty, ascending; never empty.
        """
        pair = self.choose(view, tickets, crews)
        return () if pair is None else (pair,)

    def choose(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> tuple[int, int] | None:
        """Return a ticket and the crew that goes, of those that `assign` is given.

        None keeps the crews back until the next time it is asked.
        """
        return tickets[0], self.choose_crew(view, tickets[0], crews)

    def choose_crew(self, view: View, ticket: int, crews: Sequence[int]) -> int:
        """Return the crew that goes: the one there first, ties by number.

        It is also asked for each further department of a joint ticket.
        """
        return min(crews, key=lambda crew: (view.travel(crew, ticket), crew))

    def figures(self) -> Mapping[str, PolicyFigure]:
        """Return what it has to tell of its own work in this run, by name; none by default.

        How long its decisions took, say. Unlike all that is simulated, it may depend on the
        machine.
        """
        return {}

    def memory(self) -> Any:
        """Return what it must be told to go on from a checkpoint, as JSON has it; None: nothing.

        Only a policy that keeps something from one decision to the next needs this.
        """
        return None

    def recall(self, view: View, memory: Any) -> None:
        """Take over what `memory` returned, before the first decision after a checkpoint."""
        raise NotImplementedError(f"{self.name} has a memory, and needs a way to recall it")
