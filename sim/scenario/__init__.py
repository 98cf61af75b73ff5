"""What is assumed: a validated, frozen scenario."""

from sim.scenario.finding import shipped_names
from sim.scenario.loading import load
from sim.scenario.resolve import diff, json_schema, to_toml
from sim.scenario.restrict import restrict
from sim.scenario.schema import Scenario
from sim.scenario.sources import Figure
from sim.scenario.tables import Category, DistrictRow

__all__ = [
    "Category",
    "DistrictRow",
    "Figure",
    "Scenario",
    "diff",
    "json_schema",
    "load",
    "restrict",
    "shipped_names",
    "to_toml",
]
