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
# # How many gridworkers, operators and crews, and what each target costs 人员配置
#
# Demand becomes load, load becomes requirements by hour, requirements become shifts, and the
# simulator judges. Here Gusu 姑苏区 on one day; `sim optimize staffing` does the same for more.

# %%
import numpy as np
import pandas as pd

import sim
from sim.city import City
from sim.measure.plots.style import both, new, style
from sim.model.cost import plan_cost
from sim.model.staffing import base_plan
from sim.optimize.staffing.answer import facts
from sim.optimize.staffing.cover import Coverer
from sim.optimize.staffing.load import from_demand
from sim.optimize.staffing.optimize import optimize
from sim.optimize.staffing.patrol_worth import curve
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.problem import Problem
from sim.optimize.staffing.requirement import METHODS, requirement, windows
from sim.scenario.world import Demand

scenario = sim.load("gusu-week", {"time.days": 1})
city = City.build(scenario)
today = base_plan(scenario, city)
pools = Pools.build(scenario, city)
pd.Series(vars(plan_cost(scenario, today)), name="yuan a week, staff of 2018").round(-2)

# %% [markdown]
# ## Requirements by hour 逐时需求
#
# The same target, 95 % of visits in time, by three corrections for demand that varies: each hour
# on its own (SIPP), an hour later by a service time (lag-SIPP), and the load that a system without
# waiting would have (MOL).

# %%
load = from_demand(scenario, city, today, pools)
window = windows(scenario, pools)
need = {method: requirement(load, window, 0.95, method).staff for method in METHODS}
pool = next(p for p in range(len(pools)) if pools.department[p] == "traffic_police")

with style():
    figure, axes = new(None, 8, 3.4)
    axes.plot(load.erlangs[pool, :24], color="0.6", label="offered load, erlangs")
    for method in METHODS:
        axes.step(range(24), need[method][pool, :24], where="mid", label=method)
    axes.set(xlabel=both("hour of Monday", "周一时刻"), ylabel=both("crews", "人员"))
    axes.set_title(both("Traffic police of Gusu", "姑苏区交警"))
    axes.legend()
figure

# %% [markdown]
# ## What a target costs 承诺的价格
#
# Requirements are covered by shifts, one small model for each pool, and each level of service has
# its price. The last points are dear.

# %%
coverer = Coverer(scenario, pools, window)
levels = [0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
covers = [coverer.solve(requirement(load, window, level).staff) for level in levels]
prices = pd.DataFrame(
    {
        "in time": levels,
        "million yuan a week": [c.cost.sum() / 1e6 for c in covers],
        "gap to the bound": [c.gap for c in covers],
    }
).set_index("in time")
prices["a point more, yuan"] = (
    prices["million yuan a week"].diff() / np.diff([0, *levels]) * 1e4
).round(-2)
prices.round(3)

# %% [markdown]
# ## The simulator judges 仿真检验
#
# How many operators does it take for 12345 to answer 80 % within 20 s? The search takes posts away
# while the target is kept, and proves what is left on replications that it has never seen. A
# tenth of the demand is looked at here, so that this page takes seconds.

# %%
tenth = scenario.model_copy(update={"demand": (Demand(name="a tenth", factor=0.1),)})
answer = optimize(
    tenth,
    Problem(("hotline.answered_20s>=0.8",), patterns="scenario", replications=2, time_limit=60),
)
told = facts(answer)
print(told["ended"], "after", told["runs"], "runs; fresh:", told["fresh_replications"])
pd.DataFrame(
    {
        name: {
            **other["service"]["hotline.answered_20s>=0.8"]["city"],
            "yuan a week": other["cost_per_week"],
        }
        for name, other in {
            "this plan 本方案": {
                "service": told["service"],
                "cost_per_week": told["cost_per_week"],
            },
            **told["compared"],
        }.items()
    }
).T.round(3)

# %%
pd.DataFrame(
    {
        "2018": pools.today[0],
        "this plan": answer.found.posts[0],
    },
    index=list(scenario.shifts),
).rename_axis("operators of 12345 on")

# %% [markdown]
# ## Patrol 巡查
#
# More gridworkers find more, and spare the telephone and the crews some work, ever less with each
# one more. What they spare does not pay for them: what they find early is what they are for.

# %%
rows = pd.DataFrame(curve(scenario, city, [100, 200, 400, 600, 800, 1000])).set_index("gridworkers")
with style():
    figure, axes = new(None, 8, 3.2)
    axes.plot(rows.index, rows["found"], "o-", label=both("matters found a week", "每周发现"))
    axes.plot(rows.index, rows["calls_spared"], "o-", label=both("calls spared", "减少来电"))
    axes.set(xlabel=both("gridworkers of Gusu", "姑苏区专职网格员"), ylim=(0, None))
    axes.legend()
figure
