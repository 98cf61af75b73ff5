"""The command line: one file for each group of commands."""

from __future__ import annotations

import sys

try:
    import click

    from sim.cli import calibrate, experiments, export, optimize, roads, route, run, scenarios
    from sim.cli import warm_up as warm_up_command
    from sim.cli.base import Group
except KeyboardInterrupt:  # while the packages are loaded
    sys.stderr.write("stopped\n")
    raise SystemExit(130) from None


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="suzhou-dispatch", prog_name="sim")
def main() -> None:
    """Simulate the dispatch of a city that governs itself by grids.

    SCENARIO is a TOML file, or the name of one that comes with the package (`sim list`).
    """


for command in (
    scenarios.list_scenarios,
    scenarios.validate,
    scenarios.show,
    scenarios.plan,
    scenarios.migrate,
    scenarios.sources,
    scenarios.diff,
    scenarios.schema,
    calibrate.calibrate,
    warm_up_command.warm_up,
    run.run,
    run.resume,
    experiments.compare,
    experiments.sweep,
    experiments.report,
    experiments.policies,
    experiments.measures,
    export.export,
    roads.roads,
    optimize.optimize,
    route.route,
):
    main.add_command(command)
