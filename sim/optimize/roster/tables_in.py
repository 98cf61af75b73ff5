"""Tables that come in: people, requests and the roster before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from sim.errors import InputError, one_of
from sim.optimize.roster.problem import Request, Worker
from sim.optimize.roster.rules import OFF, LabourRules
from sim.reading import is_plain, read_csv

Row = tuple[int, dict[str, str]]


def read_people(path: Path, rules: LabourRules, shifts: Sequence[str]) -> dict[str, list[Worker]]:
    """Read who is in which team: columns name and team, and if wanted contract, skills, shifts.

    Skills and shifts are lists with semicolons. No column ``team``: all are of one team, ''.

    Raises
    ------
    InputError
        Naming row and column.
    """
    found: dict[str, list[Worker]] = {}
    seen: dict[str, int] = {}
    for number, row in _table(path, "names", ["name"], ["team", "contract", "skills", "shifts"]):
        name = row["name"]
        _require(path, number, "name", name, bool(name), "a name")
        _require(path, number, "name", name, name not in seen, f"not used in row {seen.get(name)}")
        seen[name] = number
        contract = row.get("contract") or next(iter(rules.contracts))
        _one_of(path, number, "contract", contract, list(rules.contracts))
        for shift in _listed(row.get("shifts", "")):
            _one_of(path, number, "shifts", shift, shifts)
        worker = Worker(
            name,
            contract,
            frozenset(_listed(row.get("skills", ""))),
            frozenset(_listed(row.get("shifts", ""))),
        )
        found.setdefault(row.get("team", ""), []).append(worker)
    return found


def read_requests(
    path: Path, workers: Iterable[str], shifts: Sequence[str], start: date
) -> list[Request]:
    """Read requests: columns worker, kind, first, and if wanted last, shift, fixed, weight.

    Raises
    ------
    InputError
        Naming row and column.
    """
    known = set(workers)
    found = []
    optional = ["last", "shift", "fixed", "weight"]
    for number, row in _table(path, "requests", ["worker", "kind", "first"], optional):
        _one_of(path, number, "worker", row["worker"], known)
        kind = row["kind"]
        _one_of(path, number, "kind", kind, ["leave", "off", "work", "avoid"])
        first = _date(path, number, "first", row["first"])
        last = _date(path, number, "last", row.get("last") or row["first"])
        _require(path, number, "last", str(last), last >= first, f"{first} or later")
        shift = row.get("shift", "")
        if shift:
            _one_of(path, number, "shift", shift, shifts)
        takes = {"avoid": bool(shift), "work": True}.get(kind, not shift)
        allowed = "the shift to avoid" if kind == "avoid" else f"nothing with {kind}"
        _require(path, number, "shift", shift, takes, allowed)
        fixed = row.get("fixed") or "no"
        _one_of(path, number, "fixed", fixed, ["yes", "no"])
        weight = row.get("weight") or "1"
        whole = re.fullmatch("0*([1-9][0-9]{0,2}|1000)", weight) is not None
        _require(path, number, "weight", weight, whole, "a whole number from 1 to 1000")
        found.append(
            Request(
                worker=row["worker"],
                kind=kind,  # type: ignore[arg-type]  # checked above
                first=(first - start).days,
                last=(last - start).days,
                shift=shift,
                fixed=fixed == "yes",
                weight=int(weight),
                source=f"{path}, row {number}",
            )
        )
    return found


def read_history(path: Path, shifts: Sequence[str]) -> dict[str, dict[date, str]]:
    """Read the roster before, as `write_table` wrote it: columns worker, date and shift.

    Raises
    ------
    InputError
        Naming row and column.
    """
    found: dict[str, dict[date, str]] = {}
    for number, row in _table(path, "history", ["worker", "date", "shift"], None):
        _one_of(path, number, "shift", row["shift"], [*shifts, OFF])
        day = _date(path, number, "date", row["date"])
        mine = found.setdefault(row["worker"], {})
        _require(path, number, "date", str(day), day not in mine, "one row for a worker and day")
        mine[day] = row["shift"]
    return found


def of_teams(people: Mapping[str, list[Worker]], teams: Sequence[str], file: Path) -> None:
    """Refuse people of teams that are not rostered.

    Raises
    ------
    InputError
        Naming the team.
    """
    for team in people:
        if team not in teams and not (team == "" and len(teams) == 1):
            allowed = f"a team that is rostered: {one_of(team, teams)}"
            raise InputError(file, "column team", team, allowed)


def _table(
    path: Path, option: str, needed: Sequence[str], optional: Sequence[str] | None
) -> Iterator[Row]:
    lines = read_csv(path, field=option)
    header = [cell.strip() for cell in lines[0]] if lines else []
    for column in needed:
        if (count := header.count(column)) != 1:
            raise InputError(path, "header", count, f"exactly one column {column}")
    for column in header if optional is not None else ():
        if column not in (*needed, *(optional or ())) or header.count(column) > 1:
            known = ", ".join((*needed, *(optional or ())))
            raise InputError(path, "header", column, f"the columns {known}, each at most once")
    for number, cells in enumerate(lines[1:], start=2):
        if cells:
            _require(path, number, "", str(len(cells)), len(cells) == len(header), "as the header")
            for column, cell in zip(header, cells, strict=True):
                text = "one line of text without control characters"
                _require(path, number, column, cell, is_plain(cell), text)
            yield number, dict(zip(header, (cell.strip() for cell in cells), strict=True))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _date(path: Path, row: int, column: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            path, f"row {row}, column {column}", text, "a date such as 2018-01-31"
        ) from None


def _one_of(path: Path, row: int, column: str, value: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if value not in names:
        _require(path, row, column, value, False, one_of(value, names))


def _require(path: Path, row: int, column: str, value: str, holds: bool, allowed: str) -> None:
    if not holds:
        field = f"row {row}, column {column}" if column else f"row {row}, number of cells"
        raise InputError(path, field, value, allowed)
