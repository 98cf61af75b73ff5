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
# # Which dispatch policy is better, and how sure are we? 哪种派单规则更好？
#
# Gusu with a third fewer crews: there is something to wait for, so that it matters who goes where.
# The same matters meet every policy; what differs is the policy's doing.

# %%
from pathlib import Path
from tempfile import mkdtemp

import sim

REPLICATIONS, DAYS = 3, 1  # for a quick look; 20 replications of a week give an answer

scenario = sim.load("gusu-week", {"time.days": DAYS, "staff_scale.crews": 0.67})

# %% [markdown]
# ## Compare 比较
#
# Every arm is run on the same replications, and what is compared is the difference within each.
# The first arm is the baseline. `hindsight` knows how long each work will really take. Nobody can
# work like that: it shows what this kind of rule could gain if one knew. With it among the
# policies, the answer also says how far *any* dispatch could be: a bound, proven by relaxation.

# %%
kept = Path(mkdtemp())  # a folder of your own, to go on from another day
found = sim.compare(
    scenario,
    ["priority", "fifo", "nearest", "hindsight"],
    replications=REPLICATIONS,
    targets=["urgent.arrive.p90", "arrive.p90", "crews.travel.mean"],
    out=kept,
)
found

# %%
found.plot.differences()

# %% [markdown]
# Green is better and red is worse than the baseline, with all intervals holding at once; grey
# means that no difference was seen. That is not the same as no difference: the interval says how
# large it may still be.

# %% [markdown]
# ## How far the best could be 上限
#
# For the tickets as they became ready in a run, no dispatch can be better than its bound: there
# travel takes no time, and all crews of a unit are one server that may interrupt its work. `closed`
# is the share of the way from the baseline to the bound that a policy goes.

# %%
found.headroom_table[["metric", "unit", "arm", "mean", "bound", "closed"]]

# %%
found.plot.ecdf()

# %% [markdown]
# ## Why pairs 为什么要配对
#
# `pairing` is how many times more replications would be needed if each arm had met matters of its
# own. The days differ far more from each other than the policies do.

# %%
found.table[["metric", "arm", "n", "difference", "difference_low", "difference_high", "pairing"]]

# %% [markdown]
# ## Select the best 择优
#
# Kim and Nelson's procedure gives an arm up as soon as it is certainly not the best, and states
# how likely it is to be right.

# %%
chosen = sim.compare(
    scenario,
    ["priority", "fifo"],
    replications=REPLICATIONS,
    max_replications=2 * REPLICATIONS,
    targets=["urgent.arrive.p90"],
    select=True,
    indifference="20%",
    probability=0.9,
)
print(chosen.verdict[0])
chosen.selection

# %% [markdown]
# ## Answer 结论
#
# Read the verdict at the top, with its intervals. On the command line the same is
#
# ```sh
# sim compare gusu-week --set staff_scale.crews=0.67 --policies priority,fifo,nearest,hindsight \
#   --target urgent.arrive.p90 --precision 5% --out out/policies
# sim report out/policies
# ```

# %%
assert {one.arm for one in found.differences} == {"fifo", "nearest", "hindsight"}
assert all(one.difference.low <= one.difference.high for one in found.differences)
assert all(
    one.mean.estimate <= one.bound.estimate
    if one.unit == "share"
    else one.mean.estimate >= one.bound.estimate
    for one in found.headroom
)
