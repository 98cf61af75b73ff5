"""XES, the IEEE's format for event logs (1849-2016): a trace for each ticket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from sim.engine.outcome import Columns
from sim.measure.export.events import Events
from sim.measure.export.labels import Calendar, Labels, join, number, text
from sim.measure.export.result import Result

_EXTENSIONS = (
    ("Concept", "concept"),
    ("Time", "time"),
    ("Lifecycle", "lifecycle"),
    ("Organizational", "org"),
)
_WHOLE = ("priority", "level", "sent_back", "reopened")
_TRUTH = ("joint", "on_spot")


def write_xes(result: Result, slices: Iterator[tuple[Columns, Events]], file: IO[bytes]) -> int:
    """Write events as XES; return how many there were.

    A trace's ``concept:name`` is the matter's key, the same in every run of the scenario. Each
    event is the completion of a step, with ``start_timestamp`` for when it began.
    """
    labels = Labels(result, lambda name: escape(name, {'"': "&quot;"}))
    calendar, count = Calendar(result), 0
    file.write(_head(result).encode())
    for tickets, events in slices:
        if not len(events):
            continue
        new = np.diff(events.ticket, prepend=-1) != 0
        traces = {name: column[events.ticket[new]] for name, column in tickets.items()}
        place = np.where(new, np.cumsum(new) - 1, -1)
        heads = _traces(labels, traces).take(_nullable(place))
        closing = np.where(np.append(new[1:], True), "</trace>\n", "")
        rows = join(
            _or_empty(heads),
            '<event><string key="concept:name" value="',
            labels.step[0].take(events.step),
            '"/><string key="activity_zh" value="',
            labels.step[1].take(events.step),
            '"/><date key="time:timestamp" value="',
            calendar.iso(events.end),
            '"/><date key="start_timestamp" value="',
            calendar.iso(events.start),
            '"/><string key="org:resource" value="',
            labels.resources(events),
            '"/><string key="org:role" value="',
            labels.role[0].take(events.role),
            '"/><string key="org:group" value="',
            labels.department[0].take(tickets["category"][events.ticket]),
            '"/><string key="lifecycle:transition" value="complete"/></event>\n',
            _strings(closing),
        )
        file.write(text(rows))
        count += len(events)
    file.write(b"</log>\n")
    return count


def _head(result: Result) -> str:
    run = result.run
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">',
    ]
    lines += [
        f'<extension name="{name}" prefix="{prefix}"'
        f' uri="http://www.xes-standard.org/{prefix}.xesext"/>'
        for name, prefix in _EXTENSIONS
    ]
    lines += [
        '<global scope="trace"><string key="concept:name" value=""/></global>',
        '<global scope="event"><string key="concept:name" value=""/>'
        '<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>'
        '<string key="lifecycle:transition" value="complete"/></global>',
        '<classifier name="Activity" keys="concept:name"/>',
        '<classifier name="Resource" keys="org:resource"/>',
        f'<string key="concept:name" value={quoteattr(result.scenario.title_en)}/>',
        f'<string key="title_zh" value={quoteattr(result.scenario.title_zh)}/>',
        '<string key="lifecycle:model" value="standard"/>',
    ]
    lines += [
        f'<string key="{key}" value={quoteattr(str(getattr(run, key)))}/>'
        for key in ("scenario", "content_hash", "policy", "engine")
    ]
    lines += [f'<int key="{key}" value="{getattr(run, key)}"/>' for key in ("seed", "replication")]
    return "\n".join(lines) + "\n"


def _traces(labels: Labels, t: Columns) -> Any:
    pieces: list[Any] = ['<trace><string key="concept:name" value="', number(t["key"]), '"/>']
    for key, values in labels.of(t).items():
        pieces += [f'<string key="{key}" value="', values, '"/>']
    for key in _WHOLE:
        pieces += [f'<int key="{key}" value="', number(t[key]), '"/>']
    for key in _TRUTH:
        truth = _strings(np.where(t[key], "true", "false"))
        pieces += [f'<boolean key="{key}" value="', truth, '"/>']
    return join(*pieces, "\n")


def _strings(values: Any) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())


def _nullable(places: Any) -> Any:
    import pyarrow as pa

    return pa.array(places, mask=places < 0)


def _or_empty(values: Any) -> Any:
    import pyarrow.compute as pc

    return pc.fill_null(values, "")
