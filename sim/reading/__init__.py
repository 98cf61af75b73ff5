"""Files of others are read here, and here alone: what they hold is data, and bounded.

Each reader takes regular files only, up to a size, and gives every failure as one `InputError`
that names the file. A fault is told by its place; the file's own lines are not quoted.
"""

from sim.reading.arrays import ARRAYS_LIMIT, open_parquet, read_arrays
from sim.reading.files import (
    COMMAND_LINE,
    LIMIT,
    check_no_links,
    is_plain,
    kind_of,
    open_regular,
    read_bytes,
    read_text,
)
from sim.reading.trees import (
    DEPTH,
    DIGITS,
    checked,
    parse_csv,
    parse_json,
    parse_toml,
    read_csv,
    read_json,
    read_toml,
    read_xml,
)

__all__ = [
    "ARRAYS_LIMIT",
    "COMMAND_LINE",
    "DEPTH",
    "DIGITS",
    "LIMIT",
    "check_no_links",
    "checked",
    "is_plain",
    "kind_of",
    "open_parquet",
    "open_regular",
    "parse_csv",
    "parse_json",
    "parse_toml",
    "read_arrays",
    "read_bytes",
    "read_csv",
    "read_json",
    "read_text",
    "read_toml",
    "read_xml",
]
