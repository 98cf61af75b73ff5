"""Rosters: named workers to shifts, under labour rules."""

from sim.optimize.roster.checker import Audit, Violation, check
from sim.optimize.roster.problem import OFF_DUTY, Need, Request, RosterProblem, Shift, Worker
from sim.optimize.roster.roster import Roster
from sim.optimize.roster.rules import LabourRules, load_rules
from sim.optimize.roster.search import make
from sim.optimize.roster.whole import make_all

__all__ = [
    "OFF_DUTY",
    "Audit",
    "LabourRules",
    "Need",
    "Request",
    "Roster",
    "RosterProblem",
    "Shift",
    "Violation",
    "Worker",
    "check",
    "load_rules",
    "make",
    "make_all",
]
