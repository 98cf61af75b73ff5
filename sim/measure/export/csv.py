"""Comma-separated values: one row an event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from sim.cells import guarded
from sim.engine.outcome import Columns
from sim.measure.export.events import Events
from sim.measure.export.labels import TICKET, Calendar, Labels
from sim.measure.export.result import Result


def write_csv(result: Result, slices: Iterator[tuple[Columns, Events]], file: IO[bytes]) -> int:
    """Write events as CSV with a header line, UTF-8; return how many there were.

    Columns: ``case_id`` (the matter's key, the same in every run of the scenario), ``activity``,
    ``activity_zh``, ``start_timestamp``, ``timestamp``, ``resource``, ``role``, ``department``,
    ``department_zh``, ``district``, ``district_zh``, ``town``, ``category``, ``category_zh``,
    ``channel``, ``channel_zh``, ``priority``.
    """
    import pyarrow as pa
    from pyarrow import csv

    labels, calendar, count = Labels(result, guarded), Calendar(result), 0
    kinds = {"case_id": pa.int64(), "priority": pa.int8()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in _COLUMNS])
    with csv.CSVWriter(file, schema, write_options=csv.WriteOptions(quoting_style="needed")) as out:
        for tickets, events in slices:
            t = {name: tickets[name][events.ticket] for name in _CASE}
            values = {
                "case_id": t["key"],
                "activity": labels.step[0].take(events.step),
                "activity_zh": labels.step[1].take(events.step),
                "start_timestamp": calendar.iso(events.start),
                "timestamp": calendar.iso(events.end),
                "resource": labels.resources(events),
                "role": labels.role[0].take(events.role),
                **labels.of(t),
                "priority": t["priority"],
            }
            out.write_table(pa.table(values, schema=schema))
            count += len(events)
    return count


_CASE = ("key", "category", "district", "town", "channel", "priority")
_COLUMNS = (
    "case_id",
    "activity",
    "activity_zh",
    "start_timestamp",
    "timestamp",
    "resource",
    "role",
    *TICKET,
    "priority",
)
