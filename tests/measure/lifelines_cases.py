"""Makes lifelines_cases.json: what lifelines answers, run in an environment of its own.

lifelines is no dependency of the tests: it holds pandas back below version 3. In this folder:

    python -m venv /tmp/other && /tmp/other/bin/pip install lifelines
    /tmp/other/bin/python lifelines_cases.py

Times are distinct, since lifelines breaks ties of competing causes by chance, and nobody is late
where causes compete and the early ones are few.
"""

from __future__ import annotations

import json
from pathlib import Path

import lifelines
import numpy as np

SEED = 17


def drawn(draw: np.random.Generator, n: int, causes: int, late: float) -> dict[str, np.ndarray]:
    """Draw durations from a minute to a month, all of them more than 1 % apart."""
    grid = 60.0 * 1.02 ** np.arange(2 * n + 20)
    times = np.sort(draw.permutation(grid)[: 2 * n].reshape(2, n), axis=0)
    return {
        "entry": np.where(draw.random(n) < late, times[0], 0.0),
        "leave": times[1],
        "cause": draw.integers(-1, causes, n),
    }


def kaplan_meier(of: dict[str, np.ndarray], at: np.ndarray) -> list[list[float]]:
    """Return one less the curve."""
    fitter = lifelines.KaplanMeierFitter()
    fitter.fit(of["leave"], of["cause"] >= 0, entry=of["entry"])
    return [(1 - fitter.survival_function_at_times(at)).tolist()]


def aalen_johansen(of: dict[str, np.ndarray], at: np.ndarray, causes: int) -> list[list[float]]:
    """Return the incidence of each cause."""
    found = []
    for cause in range(causes):
        fitter = lifelines.AalenJohansenFitter(calculate_variance=False)
        fitter.fit(of["leave"], of["cause"] + 1, cause + 1, entry=of["entry"])
        curve = fitter.cumulative_density_
        place = np.searchsorted(curve.index.to_numpy(), at, side="right") - 1
        found.append(curve.to_numpy()[place, 0].tolist())
    return found


def main() -> None:
    """Write the cases."""
    draw, cases = np.random.default_rng(SEED), []
    for causes in (1, 2, 3):
        for late in (0.0, 0.3):
            for n in (12, 60):
                of = drawn(draw, n, causes, late)
                at = np.sort(of["leave"])
                answers = kaplan_meier(of, at) if causes == 1 else aalen_johansen(of, at, causes)
                name = f"{n} cases, {causes} causes{', some late' if late else ''}"
                case = {key: values.tolist() for key, values in of.items()}
                cases.append({"name": name, **case, "at": at.tolist(), "incidence": answers})
    said = {"lifelines": lifelines.__version__, "seed": SEED, "cases": cases}
    path = Path(__file__).with_suffix(".json")
    text = json.dumps(said).replace('{"name"', '\n{"name"')
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
