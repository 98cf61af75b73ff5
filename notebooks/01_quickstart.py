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
# # A week of Gusu district 姑苏区一周
#
# Load a scenario, run it, look at what became of every ticket, then change one thing and look
# again.

# %%
import pandas as pd

import sim

# %% [markdown]
# ## Load 载入
#
# A scenario is a tree of checked, frozen figures. Some are published, most are assumed: it says
# which.

# %%
scenario = sim.load("gusu-week", {"time.days": 3})
print(scenario.title_en, scenario.title_zh, scenario.time.start, scenario.time.days, "days")
print(len(scenario.categories), "categories of matters,", len(scenario.departments), "departments")

# %%
pd.DataFrame(
    [(c.id, c.name_zh, c.department, c.priority, c.close_h) for c in scenario.categories],
    columns=["category", "类别", "department", "priority", "to be closed within, h"],
).head(8)

# %% [markdown]
# ## Run 运行
#
# The same scenario, seed and policy give the same outcome, to the bit.

# %%
outcome = sim.simulate(scenario, policy="priority", seed=2018)
outcome.summary()

# %% [markdown]
# ## Look 查看
#
# One row for each matter that arose, found or not. Times are in seconds since the scenario's
# start; those that never came are missing.

# %%
tickets = outcome.frame
columns = ["category", "town", "channel", "arisen", "discovered", "signed", "arrived", "closed"]
tickets[[*columns, "state"]].head()

# %%
outcome.plot.steps()

# %%
outcome.plot.response()

# %%
outcome.plot.map()

# %%
outcome.plot.use()

# %% [markdown]
# KPIs come as a tidy table, or as a wide one, for the city, by district, town, department,
# category or hour.

# %%
outcome.table(by="department")[["tickets", "arrive.p90", "close.p90", "close.on_time"]].round(2)

# %%
outcome.counters(every=6 * 3600).head()

# %% [markdown]
# ## What if 如果
#
# The same matters, the same citizens, the same work, with a fifth fewer crews on the ground.
# Nothing upstream of the crews changes: what differs is what the crews make of it. One pair of
# runs is one draw, not yet a comparison.

# %%
lean = sim.simulate(sim.load("gusu-week", {"time.days": 3, "staff_scale.crews": 0.8}), seed=2018)

both = {"as it is": outcome, "a fifth fewer crews": lean}
metrics = ["arrive.mean", "arrive.p90", "arrive.on_time", "close.p90", "backlog"]
pd.concat({name: o.kpis().set_index("metric")["value"] for name, o in both.items()}, axis=1).loc[
    metrics
].round(2)

# %%
same = all((outcome.tickets[c] == lean.tickets[c]).all() for c in ("key", "category", "arisen"))
assert same, "the same matters arise whatever the plan"
