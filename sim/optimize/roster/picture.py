"""A roster as a coloured table, over the posts and who fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.measure.plots.style import GREY, INK, PALE, RED, both, chinese_font, style
from sim.optimize.roster.roster import Roster

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# light for the early hours of a day, dark for the night: by the shift's start
_HOURS = ((0, "#3D4E81"), (5, "#F2C14E"), (10, "#8CC084"), (13, "#E58F65"), (19, "#3D4E81"))
_DARK = {"#3D4E81"}
_SHADES = ("#F2C14E", "#8CC084", "#E58F65", "#6FB1C9", "#C38EB4", "#A9A9A9")


def shift_colours(roster: Roster) -> list[str]:
    """Return a colour for each shift: by its hour, another where two are alike."""
    colours: list[str] = []
    for shift in roster.problem.shifts:
        wanted = [colour for hour, colour in _HOURS if shift.start >= hour * 60][-1]
        free = [c for c in (wanted, *_SHADES) if c not in colours]
        colours.append(free[0] if free else wanted)
    return colours


def plot_roster(roster: Roster, title_zh: str = "") -> Any:
    """Draw who works when, and below how the posts are filled.

    Returns
    -------
    Picture
        A notebook shows it by itself.
    """
    from sim.measure.plots.picture import Picture

    problem = roster.problem
    with style():
        people, shifts = len(problem.workers), len(problem.shifts)
        width = 3.6 + 0.36 * problem.days
        figure = Picture(width, 2.4 + 0.26 * people + 0.42 * shifts)
        upper, lower = figure.subplots(
            2, 1, sharex=True, height_ratios=[max(0.26 * people, 0.5), max(0.42 * shifts, 0.5)]
        )
        colours = shift_colours(roster)
        _duty(upper, roster, colours)
        _cover(lower, roster, colours)
        state = "optimal" if roster.optimal else f"at most {roster.gap:.0f} above the best"
        name = f"{problem.team}  {title_zh}" if title_zh and chinese_font() else problem.team
        upper.set_title(f"{name}  {both('roster', '排班表')}", pad=36)
        upper.text(
            0,
            1.0,
            f"{people} people, {problem.days} days from {problem.start}, "
            f"{roster.cost:.0f} points, {state}, seed {roster.seed}\n",
            transform=upper.transAxes,
            va="bottom",
            fontsize=8,
            color=GREY,
        )
        _legend(upper, roster, colours)
        return figure


def _duty(ax: Axes, roster: Roster, colours: list[str]) -> None:
    from matplotlib.patches import Rectangle

    problem = roster.problem
    leave = {(r.worker, day) for r in problem.requests if r.kind == "leave"
             for day in r.days(problem.days)}  # fmt: skip
    for w, (worker, row) in enumerate(zip(problem.workers, roster.rows, strict=True)):
        for day, s in enumerate(row):
            colour = "#F6F6F6" if s < 0 else colours[s]
            ax.add_patch(Rectangle((day + 0.04, w + 0.08), 0.92, 0.84, color=colour, lw=0))
            word = problem.shifts[s].name[:1].upper() if s >= 0 else ""
            if (worker.name, day) in leave:
                word = "休" if chinese_font() else "–"
            ink = "white" if colour in _DARK else INK
            ax.text(day + 0.5, w + 0.52, word, ha="center", va="center", fontsize=7, color=ink)
    ax.set_ylim(len(problem.workers), 0)
    ax.set_xlim(0, problem.days)
    ax.set_yticks(
        [w + 0.5 for w in range(len(problem.workers))],
        [worker.name for worker in problem.workers],
        fontsize=7,
    )
    _days(ax, roster)


def _cover(ax: Axes, roster: Roster, colours: list[str]) -> None:
    from matplotlib.patches import Rectangle

    problem = roster.problem
    for s in range(len(problem.shifts)):
        for day in range(problem.days):
            posts = problem.needs[0].posts[day][s]
            there = sum(row[day] == s for row in roster.rows)
            if not posts and not there:
                continue
            colour = colours[s] if there >= posts else RED
            ax.add_patch(Rectangle((day + 0.04, s + 0.08), 0.92, 0.84, color=colour, lw=0))
            word = f"{there}" if there == posts else f"{there}/{posts}"
            ink = "white" if colour in (*_DARK, RED) else INK
            ax.text(day + 0.5, s + 0.52, word, ha="center", va="center", fontsize=7, color=ink)
    ax.set_ylim(len(problem.shifts), 0)
    ax.set_yticks(
        [s + 0.5 for s in range(len(problem.shifts))],
        [f"{shift.name}  {shift.clock}" for shift in problem.shifts],
        fontsize=7,
    )
    ax.set_xlabel(both("on duty; of posts where they differ, red: unmet", "在岗人数（红色：缺岗）"))
    _days(ax, roster)


def _days(ax: Axes, roster: Roster) -> None:
    problem = roster.problem
    ax.set_xticks(
        [day + 0.5 for day in range(problem.days)],
        [
            f"{problem.date(day):%a}"[:2] + f"\n{problem.date(day):%d}"
            for day in range(problem.days)
        ],
        fontsize=7,
    )
    for day in range(problem.days):
        if problem.date(day).weekday() >= 5:
            ax.axvspan(day, day + 1, color=PALE, zorder=0, lw=0)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _legend(ax: Axes, roster: Roster, colours: list[str]) -> None:
    from matplotlib.patches import Patch

    ax.legend(
        handles=[
            Patch(color=colour, label=f"{shift.name[:1].upper()}  {shift.name} {shift.clock}")
            for shift, colour in zip(roster.problem.shifts, colours, strict=True)
        ],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(colours),
        fontsize=7,
        borderaxespad=0.2,
    )
