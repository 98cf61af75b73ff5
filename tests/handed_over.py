"""Commands that are given what somebody else has made."""

from __future__ import annotations

from click.testing import CliRunner, Result

from sim.cli import main


def cli(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(*words: object) -> str:
    """Return the one line that tells what is wrong."""
    done = cli(*words)
    assert done.exit_code == 2, (done.output, done.exception)
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert len(line) < 1500
    return line
