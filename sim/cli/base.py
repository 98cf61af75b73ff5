"""What the commands share: the group, options, progress and Ctrl-C."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Any, TextIO

import click

from sim.errors import InputError, InputWarning

if TYPE_CHECKING:
    from rich.console import Console

overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a field of the scenario, such as hotline.talk_mean_s=240. Repeatable.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
seed = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), help="The scenario's own by default."
)


PATIENCE_S = 2.0
"""What takes longer shows its progress."""


class Group(click.Group):
    """Commands that report bad input in one line, with exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; report bad input in one line."""
        try:
            with _notes():
                return super().invoke(ctx)
        except InputError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            sys.stderr.close()
            ctx.exit(0)


@contextmanager
def _notes() -> Iterator[None]:
    """Show warnings about the input as one line each, on stderr."""
    with warnings.catch_warnings():
        other = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, InputWarning):
                click.echo(f"note: {message}", err=True)
            else:
                other(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        warnings.simplefilter("always", InputWarning)
        yield


def console(width: int = 120, *, stderr: bool = False) -> Console:
    """Return the console: names are shown as they are, whatever they look like to Rich.

    Parameters
    ----------
    width : int
        Columns, where it is no terminal.
    """
    from rich.console import Console

    found = Console(stderr=stderr, markup=False, emoji=False)
    if not found.is_terminal and not stderr:
        found.width = width
    return found


@contextmanager
def progress(what: str) -> Iterator[Callable[[float], None]]:
    """Show a bar with the time left on stderr, if that is a terminal, after two seconds."""
    if not sys.stderr.isatty():
        yield lambda _share: None
        return
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
    )
    task = bar.add_task(what, total=None)  # it pulses until something is reported
    shown = Timer(PATIENCE_S, bar.start)
    shown.daemon = True
    shown.start()
    try:
        yield lambda share: bar.update(task, total=1.0, completed=share)
    finally:
        shown.cancel()
        shown.join()  # or it might start just now
        bar.stop()


@contextmanager
def interruptible(also: Callable[[], None] | None = None) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish to stop between two events; the second is the usual one."""
    asked = False

    def handle(_signal: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        if also is not None:
            also()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
