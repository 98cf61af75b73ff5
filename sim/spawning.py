"""Starting processes from any script, guarded or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_script() -> Iterator[None]:
    """Let processes that are spawned meanwhile not run the script that is running.

    They would do so to know what it defines. It would compare again, or whatever it was about to
    do, unless all of it stood under ``if __name__ == "__main__":``.
    """
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__spec__", "__file__") if hasattr(main, name)}
    main.__spec__ = None
    if "__file__" in kept:
        del main.__file__
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)
