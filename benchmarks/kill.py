"""Kill runs, comparisons, checkpoints, exports and reports at random moments, and go on with them.

    python benchmarks/kill.py --times 200

Each is killed by SIGKILL at a moment drawn anew over the whole of its way, begun again in the same
place, and must end in the very tables that one that was not killed leaves: nothing torn under its
final name, nothing temporary beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

TABLES = ("tickets", "visits", "stops", "services")


@dataclass(frozen=True)
class Case:
    """What is killed.

    Attributes
    ----------
    first : list of str
        Arguments of the command.
    again : callable
        Given the folder, returns the arguments to begin again with.
    sound : callable
        Given the folder after the kill, checks that what is there is whole.
    """

    first: list[str]
    again: Callable[[Path], list[str]]
    sound: Callable[[Path], None] = lambda _place: None


def cases(scenario: list[str], days: int) -> dict[str, Case]:
    """Return what is killed, by name; each works in the present folder."""
    run = ["run", *scenario, "--days", str(days)]
    over = [*run, "--out", "out", "--no-plots", "--overwrite"]
    saved = [*run, "--checkpoint", "saved", "--every", "0.1"]
    resumed = ["resume", "saved", "--out", "out", "--no-plots", "--overwrite"]
    compared = ["compare", *scenario, "--days", "1", "-n", "3", "--policies", "fifo,edd",
                "--workers", "1", "--no-plots", "--out", "out"]  # fmt: skip
    export = ["export", "kept", "--format", "csv", "--out", "log.csv", "--overwrite"]
    report = ["report", "asked", "--out", "page.html"]

    def go_on(place: Path) -> list[str]:
        if (place / "saved" / "state.npz").is_file():
            return resumed
        shutil.rmtree(place / "saved", ignore_errors=True)  # killed before it was first saved
        return saved

    return {
        "run": Case(over, lambda _: over, _whole_result),
        "checkpoint": Case(saved, go_on),
        "compare": Case(compared, lambda _: compared, _whole_parts),
        "export": Case(export, lambda _: export),
        "report": Case(report, lambda _: report),
    }


def _whole_result(place: Path) -> None:
    """Check that there is a result, and that it can be read: the old one or the new one."""
    from sim.measure.store import read
    from sim.writing import check_folder

    check_folder(place / "out")  # brings back what was put aside
    outcome = read(place / "out")
    assert all(len(column) == len(outcome) for column in outcome.tickets.values())


def _whole_parts(place: Path) -> None:
    for manifest in (place / "out").glob("parts/*/*.json"):
        said = json.loads(manifest.read_text())
        table = manifest.with_suffix(".parquet").read_bytes()
        assert hashlib.sha256(table).hexdigest() == said["sha256"]


def digest(place: Path) -> str:
    """Return a digest of the tables, which does not depend on when and how they were made."""
    found = hashlib.sha256()
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place)
        if not path.is_file() or name.parts[0] in ("saved", "kept", "asked"):
            continue
        if path.suffix == ".parquet" and name.parts[1] in (
            "tickets",
            "visits",
            "stops",
            "services",
        ):
            continue  # in parts, which may be cut elsewhere: the KPIs are of them
        found.update(str(name).encode())
        if path.suffix in (".csv", ".html", ".parquet"):
            found.update(path.read_bytes())
    return found.hexdigest()


def hidden(place: Path) -> list[str]:
    """Return what temporary things are there."""
    return [str(path) for path in place.rglob(".sim-*")]


def prepared(case: str, base: Path, place: Path) -> None:
    """Make a folder with what a command starts from."""
    shutil.copytree(base, place)
    if case == "run":
        shutil.copytree(place / "kept", place / "out")


def begun(work: Callable[[], object], place: Path) -> int:
    """Do something in a process of its own, in a folder; return its number.

    It is forked from this one, which has all packages loaded: most of its way is its work.
    """
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.chdir(place)
        null = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(null, 1)
        os.dup2(null, 2)
        work()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def command(arguments: list[str]) -> Callable[[], object]:
    """Return what does a command."""
    from sim.cli import main as cli

    return lambda: cli(arguments)


def done(work: Callable[[], object], place: Path) -> None:
    """Do something in a process of its own to its end."""
    _, status = os.waitpid(begun(work, place), 0)
    if status:
        raise RuntimeError((place / "output").read_text()[-500:])
    (place / "output").unlink()


def killed(work: Callable[[], object], place: Path, after: float) -> bool:
    """Do something in a process of its own, and kill it after so long; False if it had ended."""
    child = begun(work, place)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    (place / "output").unlink(missing_ok=True)
    return os.WIFSIGNALED(status)


def finish(one: Case, place: Path) -> None:
    """Go on to the end."""
    for _ in range(2):  # of a checkpoint that is begun again, once more to get its tables
        arguments = one.again(place)
        done(command(arguments), place)
        if arguments == one.again(place):
            break


def load() -> None:
    """Load the packages and the machine code, in this process alone: no thread may be begun."""
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from sim.cli import experiments, export, run  # noqa: F401
    from sim.engine.compiled_engine.warming import warm_up

    warm_up()


def main(times: int, seed: int, scenario: list[str], days: int, only: list[str]) -> int:
    """Kill so many times, and say what came of it; return how many did not come through."""
    chance, told = random.Random(seed), Counter[str]()
    load()
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary) / "base"
        base.mkdir()
        of = {name: one for name, one in cases(scenario, days).items() if name in only}
        for arguments in (
            ["run", *scenario, "--days", str(days), "--out", "kept", "--no-plots"],
            ["compare", *scenario, "--days", "1", "-n", "2", "--policies", "fifo,edd",
             "--workers", "1", "--no-plots", "--out", "asked"],
        ):  # fmt: skip
            done(command(arguments), base)
        wanted, length = {}, {}
        for name, one in of.items():
            place = Path(temporary) / name
            prepared(name, base, place)
            start = time.monotonic()
            done(command(one.first), place)
            length[name] = time.monotonic() - start
            finish(one, place)
            wanted[name] = digest(place)
            shutil.rmtree(place)
        for number in range(times):
            name = list(of)[number % len(of)]
            one, place = of[name], Path(temporary) / f"{name}-{number}"
            prepared(name, base, place)
            wait = chance.uniform(0.0, 1.05) * length[name]
            how = "done before"
            if killed(command(one.first), place, wait):
                how = "killed while it wrote" if hidden(place) else "killed"
            try:
                done(partial(one.sound, place), place)
                finish(one, place)
                assert digest(place) == wanted[name], "other tables"
                assert not hidden(place), hidden(place)
            except Exception as error:
                how = "LOST"
                print(f"{name} after {wait:.3f} s: {type(error).__name__}: {error}", flush=True)
            told[f"{name}: {how}"] += 1
            shutil.rmtree(place)
            if sys.stderr.isatty() or number % 20 == 19:
                print(f"{number + 1} of {times}", file=sys.stderr, flush=True)
    for what, count in sorted(told.items()):
        print(f"{count:4} {what}")
    lost = sum(count for what, count in told.items() if what.endswith("LOST"))
    print(f"{times - lost} of {times} came through")
    return lost


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--scenario", nargs="+", default=["gusu-week"], help="and its options")
    parser.add_argument(
        "--only", nargs="+", default=["run", "checkpoint", "compare", "export", "report"]
    )
    asked = parser.parse_args()
    sys.exit(main(asked.times, asked.seed, asked.scenario, asked.days, asked.only) > 0)
