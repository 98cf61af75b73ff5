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
# # A dispatch policy of your own 编写自己的派单规则
#
# A policy says which ticket is next and which crew goes. It sees the present and the past, never
# the future. Question: is it worth doing the short jobs first?

# %%
from collections.abc import Sequence

import sim

scenario = sim.load("gusu-week", {"time.days": 1, "staff_scale.crews": 0.67})

# %% [markdown]
# ## The order 排序
#
# `key` gives a ticket's place in the queue; the smallest goes first. What else a policy may ask is
# all in `View`.

# %%
print([name for name in vars(sim.View) if not name.startswith("_")])


# %%
class ShortestFirst(sim.Policy):
    """Urgent tickets first, among equals the one with the least expected work."""

    name = "shortest-first"

    def key(self, view: sim.View, ticket: int) -> tuple[float, ...]:
        return (view.urgency(ticket), view.expected_work(ticket))


outcome = sim.simulate(scenario, policy=ShortestFirst())
outcome.summary()

# %% [markdown]
# ## The choice 选择
#
# `choose` may look at all tickets and crews at once, and may return None: nobody goes now. This
# one does not send a crew far away for what is not urgent while another might come free nearer by.


# %%
class NotTooFar(ShortestFirst):
    """Waits for a nearer crew, but not for ever."""

    name = "not-too-far"

    def choose(
        self, view: sim.View, tickets: Sequence[int], crews: Sequence[int]
    ) -> tuple[int, int] | None:
        for ticket in tickets:
            crew = self.choose_crew(view, ticket, crews)
            patient = view.urgency(ticket) > 1 and view.now - view.ready(ticket) < 1800
            if not (patient and view.travel(crew, ticket) > 600):
                return ticket, crew
        return None


# %% [markdown]
# ## Is it better? 更好吗？
#
# A class that was typed into a notebook runs in this process. From a file
# (`my_policies.py:NotTooFar`) it runs in all processors and on the command line.

# %%
found = sim.compare(
    scenario,
    ["priority", ShortestFirst(), NotTooFar()],
    replications=2,
    targets=["arrive.mean", "urgent.arrive.mean", "crews.travel.mean"],
)
found

# %%
found.plot.differences()

# %% [markdown]
# ## Answer 结论
#
# Two replications are enough to see that it runs, not to tell which is better: ask for
# `--precision 5%`. [docs/write-a-policy.md](../docs/write-a-policy.md) has the rest: epochs,
# several crews at once, what happens to a policy that misbehaves.

# %%
assert not found.failed
assert set(found.metrics["policy"]) == {"priority", "shortest-first", "not-too-far"}
