"""A report that needs nothing but itself: one HTML page with its pictures inside."""

from __future__ import annotations

import base64
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.experiment.facts import read_facts
from sim.experiment.words import gap_text, interval_text, metric_name
from sim.measure.intervals import Interval
from sim.reading import check_no_links, kind_of, read_bytes, read_csv
from sim.writing import check_file, write_text

_STYLE = """
body { font: 16px/1.55 system-ui, "Noto Sans CJK SC", sans-serif; color: #222; max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; font-size: .9rem } img { max-width: 100% }
td, th { padding: .25rem .7rem; border-bottom: 1px solid #e8e8e8; text-align: left }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.answer li { font-size: 1.05rem } .bad { color: #a33 } .small { color: #666; font-size: .85rem }
.better { color: #00734f } .worse { color: #a33 } summary { cursor: pointer }
"""
_PICTURE = 1 << 26  # bytes, at most
_PICTURES = {
    "differences": ("Differences", "差异"),
    "ecdf": ("Distributions", "分布"),
    "trade-off": ("Cost and service", "成本与服务"),
}


def write_report(folder: Path, target: Path | None = None) -> Path:
    """Write the report of an experiment's folder.

    Parameters
    ----------
    folder : Path
        Of `sim compare` or `sim sweep`.
    target : Path, optional
        ``report.html`` in the folder by default; it is replaced.

    Raises
    ------
    InputError
        If the folder holds no finished experiment, or the page cannot be written.
    """
    check_no_links(folder)
    facts = read_facts(folder)
    path = folder / "report.html" if target is None else target
    check_file(path)
    page = render(folder, facts)
    write_text(path, page)
    return path


def render(folder: Path, said: dict[str, Any]) -> str:
    """Return the page for what an experiment's facts say."""
    title = escape(said["question"])
    parts = [
        f"<h1>{title}</h1>",
        f"<p class=small>{escape(' · '.join(said['title']))}; {said['days']} days; "
        f"{escape(', '.join(said['districts']))}</p>",
        "<h2>Answer 结论</h2>",
        _list(said["verdict"], "answer"),
        *_failed(said["failed"]),
        "<h2>How sure 不确定性</h2>",
        f"<p>{escape(uncertainty(said))}</p>",
        _differences(said["differences"]),
        *_headroom_rows(said.get("headroom", [])),
    ]
    for name, (english, chinese) in _PICTURES.items():
        picture = folder / "plots" / f"{name}.png"
        if kind_of(picture) == "a file":
            data = base64.b64encode(read_bytes(picture, folder, "plots", _PICTURE)).decode()
            parts.append(f"<h2>{english} {chinese}</h2>")
            parts.append(f'<img alt="{english}" src="data:image/png;base64,{data}">')
    parts += _assumptions(folder, said)
    head = f"<meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(parts)}</body></html>\n"


def uncertainty(said: dict[str, Any]) -> str:
    """Say in words what the intervals hold and what they rest on."""
    one = said["settings"]
    confidence = f"{100 * one['confidence']:g} %"
    text = (
        f"{one['replications']} replications of each arm with seed {one['seed']}; replication by "
        "replication all arms meet the very same matters (common random numbers), and what is "
        f"compared is the difference within each. All {len(said['differences'])} intervals of "
        f"differences hold at once with {confidence} (Bonferroni); those of the arms alone with "
        f"{confidence} each. 'No difference seen' means that the interval holds 0, not that there "
        "is none: it says how large one could still be."
    )
    if one["precision"] is not None:
        met = "was met" if said["exact"] else "was not met"
        text += f" A precision of {one['precision']} was asked for and {met}."
    text += f" {warming(one['warm_up_days'])}"
    selection = said["selection"]
    if selection is not None:
        gone = ", ".join(f"{arm} after {n}" for arm, n in selection["dropped"].items()) or "none"
        text += (
            f" Selection by the procedure of Kim and Nelson (2001), indifferent to "
            f"{selection['indifference']:.4g} in {selection['metric']}, with a probability of "
            f"correct selection of {selection['probability']:g}; given up: {gone}."
        )
    return text


def warming(days: list[int]) -> str:
    """Say from what state the arms' runs begin."""
    if len(set(days)) > 1:
        many = ", ".join(map(str, days))
        return f"The arms begin after warm-ups of different lengths, in days: {many}."
    if days[0] == 0:
        return "All arms begin in an empty city."
    return (
        f"What is measured begins after {days[0]} days of warm-up, which each arm runs under its "
        "own plan and policy."
    )


def _list(lines: list[str], kind: str) -> str:
    return f"<ul class={kind}>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _failed(failed: list[dict[str, Any]]) -> list[str]:
    if not failed:
        return []
    lines = [
        f"{one['arm']} was stopped in replication {one['replication']}: {one['message']}"
        for one in failed
    ]
    return [_list(lines, "bad")]


def _differences(rows: list[dict[str, Any]]) -> str:
    body = []
    for row in rows:
        unit = row["unit"]
        english, chinese = metric_name(row["metric"])
        kind = "better" if row["better"] else "worse" if row["worse"] else ""
        cells = [interval_text(_interval(row, name), unit) for name in ("base", "mean")]
        gap = gap_text(_interval(row, "difference"), unit)
        holm = "–" if row["p_holm"] is None else f"{row['p_holm']:.2g}"
        pairing = "–" if row["pairing"] is None else f"{row['pairing']:.3g}×"
        body.append(
            f"<tr><td>{escape(f'{english} {chinese}')}</td><td>{escape(row['arm'])}</td>"
            + "".join(f"<td class=n>{escape(cell)}</td>" for cell in cells)
            + f"<td class='n {kind}'>{escape(gap)}</td><td class=n>{holm}</td>"
            f"<td>{escape(row['method'])}</td><td class=n>{pairing}</td>"
            f"<td class=n>{row['n']}</td></tr>"
        )
    base = escape(rows[0]["baseline"]) if rows else ""
    heads = (
        f"<th>metric<th>arm<th>{base} (baseline)<th>arm's mean<th>difference<th>p (Holm)"
        "<th>interval by<th>pairing saves<th>pairs"
    )
    note = (
        "<p class=small>‘Pairing saves’: how many times more replications independent runs would "
        "need for an interval of this length.</p>"
    )
    return f"<table><tr>{heads}</tr>{''.join(body)}</table>{note}"


def _headroom_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Show each arm beside the bound of its runs."""
    if not rows:
        return []
    body = []
    for row in rows:
        name = " ".join(metric_name(row["metric"])).strip()
        closed = "–"
        if row["closed_low"] is not None:
            ends = [f"{100 * value:.0f}" for value in _interval(row, "closed")]
            closed = "{} % [{} to {} %]".format(*ends).replace("-", "−")
        cells = [interval_text(_interval(row, key), row["unit"]) for key in ("mean", "bound")]
        body.append(
            f"<tr><td>{escape(name)}</td><td>{escape(row['arm'])}</td>"
            + "".join(f"<td class=n>{escape(cell)}</td>" for cell in (*cells, closed))
            + f"<td class=n>{row['n']}</td></tr>"
        )
    return [
        "<h2>How far the best could be 上限</h2>",
        "<table><tr><th>metric<th>arm<th>arm's mean<th>bound<th>of the gap closed"
        f"<th>replications</tr>{''.join(body)}</table>",
        "<p class=small>No dispatch can be better than the bound, whatever it knows, for the "
        "tickets as they became ready in the arm's own runs; it may be out of reach, since crews "
        "travel and work is not interrupted. ‘Of the gap closed’: the way from the baseline to "
        "its bound. Intervals at the stated confidence each.</p>",
    ]


def _interval(row: dict[str, Any], name: str) -> Interval:
    nan = float("nan")
    values = (row[name], row[f"{name}_low"], row[f"{name}_high"])
    return Interval(*(nan if value is None else float(value) for value in values))


def _assumptions(folder: Path, said: dict[str, Any]) -> list[str]:
    """List the figures with their sources, what was changed for the experiment first."""
    table = _sources(folder / "sources.csv")
    counts = Counter(basis for _, _, basis, _ in table).most_common()
    summed = ", ".join(f"{count} {basis}" for basis, count in counts)
    rows = "".join(
        f"<tr><td>{escape(path)}</td><td>{escape(value[:60])}</td>"
        f"<td>{escape(basis)}</td><td>{escape(note)}</td></tr>"
        for path, value, basis, note in sorted(table, key=lambda row: row[2] != "command line")
    )
    arms = "".join(
        f"<tr><td>{escape(arm['label'])}</td><td>{escape(arm['scenario_name'])}</td>"
        f"<td>{escape(arm['plan_name'])}</td><td>{escape(arm['policy_name'])}</td>"
        f"<td><code>{escape(arm['scenario'][:12])}</code></td></tr>"
        for arm in said["arms"]
    )
    versions = ", ".join(f"{name} {number}" for name, number in said["versions"].items())
    return [
        "<h2>What it rests on 依据</h2>",
        "<table><tr><th>arm<th>scenario<th>plan<th>policy<th>content hash</tr>",
        arms,
        "</table>",
        f"<p>Engine {escape(said['settings']['engine'])}, seed {said['settings']['seed']}; "
        f"{escape(versions)}; program {escape(said['program'][:12])}.</p>",
        f"<details><summary>{len(table)} figures of the baseline's scenario and their sources: "
        f"{escape(summed)}</summary><table><tr><th>figure<th>value<th>basis<th>source</tr>{rows}"
        "</table></details>",
    ]


def _sources(path: Path) -> list[tuple[str, ...]]:
    """Read what `sim.experiment.results.write` says of figures: path, value, basis and note."""
    header, *rows = read_csv(path) or [[]]
    wanted = ("path", "value", "basis", "note")
    for name in wanted:
        if header.count(name) != 1:
            raise InputError(path, "header", header.count(name), f"exactly one column {name}")
    for line, row in enumerate(rows, start=2):
        if row and len(row) != len(header):
            raise InputError(path, f"row {line}", f"{len(row)} cells", f"{len(header)} cells")
    return [tuple(row[header.index(name)] for name in wanted) for row in rows if row]
