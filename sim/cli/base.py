"""What the commands share: the group, options, progress, Ctrl-C, and how things are kept."""

from __future__ import annotations

import errno
import json
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

import click

from sim.cli.streams import UNREAD, UNTOLD, Patient, patient_streams
from sim.errors import (
    InputError,
    InputWarning,
    Interrupted,
    Terminated,
    WriteError,
    one_of,
    suggestion,
)

if TYPE_CHECKING:
    from rich.console import Console

PATIENCE_S = 2.0
"""What takes longer shows its progress."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

_ELSEWHERE = "sim.kept_elsewhere"


class Group(click.Group):
    """Commands that report bad input in one line, with exit code 2."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run a command as a program; its end is told by the exit code alone."""
        with patient_streams() as out, _told_to_end():
            try:
                return super().main(*args, **options)
            except SystemExit as ended:
                if ended.code in (0, None) and out is not None:
                    sys.stdout.flush()
                    _say_untold(out)
                raise

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Read the command line; Ctrl-C meanwhile is told as at any other time."""
        try:
            return super().make_context(*args, **options)
        except click.ClickException as error:
            _say_click(error)
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            raise SystemExit(INTERRUPTED) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by its name; a mistyped one gets a suggestion."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            raise click.UsageError(
                f"command: {args[0]!r} is not allowed; {one_of(args[0], known, len(known))}", ctx
            )
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; report bad input, and what was interrupted, in one line."""
        try:
            with _notes():
                found = super().invoke(ctx)
        except InputError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except click.ClickException as error:
            _say_click(error)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(INTERRUPTED)
        if ctx.meta.get(_ELSEWHERE):
            ctx.exit(2)
        return found


_FORMER = {
    "--warmup": " any more; --warm-up DAYS simulates so many days before time 0, and `sim warm-up` "
    "finds how many it takes"
}
"""What became of options that there were."""


def _say_click(error: click.ClickException) -> None:
    """Tell what Click found on the command line as any other bad input, and the usage."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    message = error.format_message().rstrip(".")
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption):
        known = [name for one in ctx.command.get_params(ctx) for name in one.opts] if ctx else []
        hint = _FORMER.get(error.option_name) or suggestion(error.option_name, known)
        message = f"{error.option_name}: no such option{hint}"
    elif isinstance(error, click.BadOptionUsage):
        said = message.removeprefix(f"Option {error.option_name!r} ")
        message = f"{error.option_name}: {said}"
    elif isinstance(error, click.MissingParameter) and error.param is not None:
        message = f"{_called(error.param)}: a value is missing"
    elif isinstance(error, click.BadParameter) and error.param is not None:
        message = f"{_called(error.param)}: {error.message.rstrip('.')}"
    else:
        message = message[:1].lower() + message[1:]
    click.echo(f"error: command line: {' '.join(message.split())}", err=True)
    if ctx is not None:
        usage = " ".join(ctx.command.collect_usage_pieces(ctx))
        click.echo(f"usage: {ctx.command_path} {usage}; --help tells the rest", err=True)


def _called(param: click.Parameter) -> str:
    """Return what a parameter is called in messages."""
    return param.human_readable_name if isinstance(param, click.Argument) else param.opts[0]


def _say_untold(out: Patient) -> None:
    """End with a code of its own where not all could be told."""
    if out.trouble is None:
        return
    if out.trouble.errno == errno.EPIPE:
        raise SystemExit(UNREAD)
    click.echo(f"error: stdout: {out.trouble.strerror}: not all is told", err=True)
    raise SystemExit(UNTOLD)


@contextmanager
def _told_to_end() -> Iterator[None]:
    """End in good order on SIGTERM, and where the terminal is gone: nothing temporary stays."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise Terminated(128 + number)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for number, handler in (
        (signal.SIGTERM, end),
        (signal.SIGHUP, end),
        (signal.SIGINT, interrupt),
    ):
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            before[number] = signal.signal(number, handler)  # not what nohup ignores
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


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


def keep(out: Path, write: Callable[[Path], object]) -> None:
    """Write a result where it was asked to be, or where it can be, and say where.

    Parameters
    ----------
    out : Path
    write : callable
        Given the path.

    Raises
    ------
    WriteError
        If there is no other place either.
    """
    from sim.writing import spare_place

    try:
        write(out)
        click.echo(f"written: {out}", err=True)
    except WriteError as error:
        try:
            spare = spare_place(out)
            write(spare)
        except WriteError as worse:
            click.echo(f"error: {worse}", err=True)
            raise error from None
        click.echo(f"error: {error}", err=True)
        click.echo(f"written instead: {spare}", err=True)
        click.get_current_context().meta[_ELSEWHERE] = True


def say_json(facts: object, default: Callable[[Any], Any] | None = None) -> None:
    """Print plain data as JSON; in ASCII where stdout has no more signs."""
    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    click.echo(json.dumps(facts, ensure_ascii=not unicode, indent=1, default=default))


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
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish to stop between two events; the second ends at once."""
    asked = False

    def handle(_signal: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise Interrupted
        asked = True

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
