# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: jupytext,kernelspec,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Patrols and the hotline 巡查与热线
#
# What a gridworker finds, nobody has to call in. Does it pay to walk some streets more often than
# others? It depends on whether some streets are worse than others: in every city that was looked
# at they are (half of the crime on some 5 % of the street segments; Weisburd, 2015). Here half of
# a grid's matters are assumed to lie on a tenth of its loop.

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import sim
from sim.measure.discovery import discovery_saved, requests_saved, undiscovered
from sim.measure.plots import plot_crews
from sim.measure.plots.roads import plot_roads
from sim.measure.plots.routes import plot_route, plot_routes
from sim.model.routes import write_routes
from sim.model.state import CHANNEL_NAMES, Channel
from sim.optimize.patrol_routes import optimize_patrol

uneven = ["time.days=2", "grid.hot_share=0.5", "grid.hot_length=0.1"]
scenario = sim.load("gusu-week", uneven)

# %% [markdown]
# ## Routes 路线
#
# Every grid is searched for a closed walk that passes each place at least once a cycle and keeps
# the expected discovery delay, weighted by severity, small.

# %%
plan = optimize_patrol(scenario)
everywhere = np.ones(len(plan.risk), dtype=bool)
loop_h, route_h = (plan.mean(s, everywhere) / 3600 for s in (plan.loop_s, plan.route_s))
print(f"{len(plan.routes)} of {plan.searched.sum()} grids leave the loop")
print(f"expected until found or gone: {loop_h:.2f} h on the loop, {route_h:.2f} h on the routes")

# %%
gain = (plan.loop_s - plan.route_s) * plan.risk
grid = int(np.nanargmax(gain))
plot_route(plan.city, grid, plan.routes[plan.key(grid)], plan.density[grid])

# %%
plot_routes(plan.city, 2, plan.routes)

# %% [markdown]
# ## The simulator judges 仿真检验
#
# The expectation leaves out nights, stops and jobs; the simulation does not. Both runs meet the
# same matters, so that they can be compared one by one.

# %%
with tempfile.TemporaryDirectory() as folder:
    table = Path(folder) / "routes.csv"
    write_routes(plan.routes, table)
    walked = sim.load("gusu-week", [*uneven, f'patrol.routes="{table}"'])
    runs = {"loop 环线": sim.simulate(scenario), "routes 优化路线": sim.simulate(walked)}

# %%
found_by = {
    name: pd.Series(o.tickets["channel"])
    .map(lambda c: " ".join(CHANNEL_NAMES[Channel(c)]))
    .value_counts()
    for name, o in runs.items()
}
pd.DataFrame(found_by)

# %%
loop, routes = runs.values()
saved, fewer = discovery_saved(loop, routes), requests_saved(loop, routes)
print(f"undiscovered within the first day: {np.nanmean(undiscovered(loop)):.2f} h on the loop")
print(f"sooner by {saved} h, weighted by severity (95 %, over grids)")
print(f"requests fewer in two days: {fewer}, of {(~np.isnan(loop.tickets['requested'])).sum():,}")
assert saved.low > 0

# %% [markdown]
# Where matters lie evenly along the loop there is nothing to gain, and the search says so.

# %%
even = optimize_patrol(sim.load("gusu-week", {"time.days": 1}))
print(f"{len(even.routes)} grids leave the loop")
assert not even.routes

# %% [markdown]
# ## A department's day 部门的一天
#
# Where the crews of the busiest department went on its busiest day, and when.

# %%
plot_crews(routes)

# %% [markdown]
# ## Roads 路网
#
# Crews can go by road as well as in straight lines. Without a file of roads a net is generated
# inside the real border; all of it is assumed.

# %%
from sim.city.travel import road_nets

plot_roads(plan.city, 0, road_nets(scenario, plan.city)[0])
