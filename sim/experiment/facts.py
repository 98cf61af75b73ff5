"""What ``experiment.json`` says: checked when it is read, since anybody may have written it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sim.errors import InputError
from sim.reading import checked, kind_of, read_json
from sim.scenario.base import plain

MARK = "experiment.json"
FORMAT = 3

Text = Annotated[str, Field(max_length=10_000), AfterValidator(plain)]
Message = Annotated[str, Field(max_length=100_000)]
"""Of a policy that was stopped: may have several lines."""
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, lt=2**62)]
Digest = Annotated[str, Field(max_length=1000), AfterValidator(plain)]


class _Said(BaseModel):
    model_config = ConfigDict(strict=True)


class Settings(_Said):
    """How it was asked."""

    seed: Count
    replications: Count
    baseline: Text
    targets: list[Text]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    precision: Text | None
    warm_up_days: list[Count]
    """Of each arm."""
    engine: Text
    policy_timeout_s: Number


class ArmSaid(_Said):
    """An arm: how it is called, and the digests of what it is made of."""

    label: Text
    scenario_name: Text
    plan_name: Text
    policy_name: Text
    scenario: Digest
    plan: Digest
    policy: Digest


class DifferenceSaid(_Said):
    """A row of the table of differences; None: not to be told."""

    metric: Text
    unit: Text
    arm: Text
    baseline: Text
    n: Count
    mean: Number | None
    mean_low: Number | None
    mean_high: Number | None
    base: Number | None
    base_low: Number | None
    base_high: Number | None
    difference: Number | None
    difference_low: Number | None
    difference_high: Number | None
    relative: Number | None
    relative_low: Number | None
    relative_high: Number | None
    p_value: Number | None
    p_holm: Number | None
    seen: bool
    better: bool
    worse: bool
    method: Text
    pairing: Number | None


class HeadroomSaid(_Said):
    """An arm beside the bound of its runs."""

    metric: Text
    unit: Text
    arm: Text
    n: Count
    mean: Number | None
    mean_low: Number | None
    mean_high: Number | None
    bound: Number | None
    bound_low: Number | None
    bound_high: Number | None
    closed: Number | None
    closed_low: Number | None
    closed_high: Number | None


class SelectionSaid(_Said):
    """Which arm was selected."""

    best: Text
    metric: Text
    unit: Text
    probability: Annotated[float, Field(gt=0, lt=1)]
    indifference: Number
    dropped: dict[Text, Count]
    replications: Count
    complete: bool


class FailedSaid(_Said):
    """An arm that was stopped."""

    arm: Text
    replication: Count
    message: Message


class FigureSaid(_Said):
    """A figure that a policy told of its own work."""

    value: Number
    unit: Text


class ExperimentFacts(_Said):
    """All of it."""

    format: int
    question: Text
    verdict: list[Text]
    settings: Settings
    exact: bool | None
    scenario: Text
    title: list[Text]
    days: Count
    districts: list[Text]
    arms: Annotated[list[ArmSaid], Field(min_length=2)]
    scenarios: list[Digest]
    differences: list[DifferenceSaid]
    headroom: list[HeadroomSaid] = []
    policies: dict[Text, dict[Text, FigureSaid]]
    selection: SelectionSaid | None
    failed: list[FailedSaid]
    program: Digest
    versions: dict[Text, Text]


def read_facts(folder: Path) -> dict[str, Any]:
    """Read what an experiment found.

    Returns
    -------
    dict
        As `sim.experiment.results.facts` gives it.

    Raises
    ------
    InputError
        If the folder holds no finished experiment, or a field is not as it should be.
    """
    mark = folder / MARK
    if kind_of(mark) is None:
        allowed = f"a folder of sim compare or sim sweep, with its {MARK}"
        raise InputError("command line", "DIR", str(folder), allowed)
    said = read_json(mark, field="DIR")
    form = said.get("format") if isinstance(said, dict) else None
    if form != FORMAT or isinstance(form, bool):
        raise InputError(mark, "format", form, f"{FORMAT}, that of this version; compare anew")
    return checked(ExperimentFacts, said, mark).model_dump()
