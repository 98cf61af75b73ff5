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
import matplotlib.pyplot as plt

import sim

scenario = sim.load("gusu-week", {"time.days": 1})
sim.plan_cost(scenario).round(-2)

# %% [markdown]
# ## Requirements by hour 逐时需求
#
# The same target, 95 % of visits in time, by three corrections for demand that varies: each hour
# on its own (SIPP), an hour later by a service time (lag-SIPP), and the load that a system without
# waiting would have (MOL).

# %%
need = sim.staffing_requirements(scenario, 0.95)
police = need[(need["department"] == "traffic_police") & (need["hour"] < 24)]
police = police[police["place"] == police["place"].iloc[0]].set_index("hour")

figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
axes.plot(police["load"], color="0.6", label="offered load, erlangs")
for method in ("sipp", "lag", "mol"):
    axes.step(police.index, police[method], where="mid", label=method)
axes.set(xlabel="hour of Monday", ylabel="crews", title="Traffic police of Gusu")
axes.legend()

# %% [markdown]
# ## What a target costs 目标的价格
#
# Requirements are covered by shifts, one small model for each pool, and each level of service has
# its price. The last points are dear.

# %%
prices = sim.staffing_prices(scenario)
print(prices.attrs["units"])
prices.round({"cost": -2, "point": -2, "gap": 4})

# %% [markdown]
# ## The simulator judges 仿真检验
#
# How many operators does it take for 12345 to answer 80 % within 20 s? The search takes posts away
# while the target is kept, and proves what is left on replications that it has never seen. A
# tenth of the demand is looked at here, so that this page takes seconds.

# %%
tenth = sim.load("gusu-week", {"time.days": 1, "demand": [{"name": "a tenth", "factor": 0.1}]})
answer = sim.optimize_staffing(
    tenth,
    ["hotline.answered_20s>=0.8"],
    patterns="scenario",
    replications=2,
    time_limit=60,
)
print(answer)
answer.service.round(3)

# %%
posts = answer.posts
posts[posts["role"] == "hotline"]

# %%
answer.costs.round(-2)

# %% [markdown]
# ## Patrol 巡查
#
# More gridworkers find more, and spare the telephone and the crews some work, ever less with each
# one more. What they spare does not pay for them: what they find early is what they are for.

# %%
rows = sim.patrol_worth(scenario, [100, 200, 400, 600, 800, 1000]).set_index("gridworkers")
axes = rows[["found", "calls_spared"]].plot(style="o-", figsize=(8, 3.2), ylim=(0, None))
axes.set(xlabel="gridworkers of Gusu", ylabel="a week")
