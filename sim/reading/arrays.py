"""Arrays and columns: plain numbers, flags and text, never objects."""

from __future__ import annotations

import io
import zipfile
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.processors import memory
from sim.reading.files import COMMAND_LINE, open_regular, reason_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyarrow.parquet import ParquetFile

ARRAYS_LIMIT = 1 << 34
"""The most bytes of a file of arrays, unpacked, 16 GiB."""


def read_arrays(
    path: Path,
    asked_by: Path | str = COMMAND_LINE,
    field: str = "file",
    limit: int = ARRAYS_LIMIT,
) -> dict[str, NDArray[Any]]:
    """Read the arrays of an ``.npz`` file: plain numbers and text, never objects.

    Parameters
    ----------
    limit : int
        The most bytes of all arrays together, unpacked; half of this machine's memory, if that
        is less: a small file can hold very many zeros. Memory is taken only for what the file
        holds, whatever its headers claim.

    Raises
    ------
    InputError
        If it is no such file, torn, or too large.
    """
    with open_regular(path, asked_by, field) as file:
        try:
            return _arrays(path, file, min(limit, int(min(memory() / 2, ARRAYS_LIMIT))))
        except InputError:
            raise
        except Exception as error:  # whatever a torn archive raises: a dozen kinds are known
            raise InputError(path, "npz", reason_of(error), "whole arrays of numbers") from None


def _arrays(path: Path, file: io.BufferedReader, limit: int) -> dict[str, NDArray[Any]]:
    import numpy as np
    from numpy.lib import format as npy

    arrays: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > limit:
            raise InputError(path, "npz", "too large", f"at most {limit >> 20} MiB unpacked")
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name == member.filename or name in arrays:
                raise InputError(path, "npz", member.filename, "each array once, as NAME.npy")
            with archive.open(member) as stream:
                shape, dtype = _header(npy, stream)
                if dtype.hasobject or dtype.fields or dtype.itemsize == 0:
                    raise InputError(path, name, str(dtype), "plain numbers or text")
                if prod(shape) * dtype.itemsize != member.file_size - stream.tell():
                    raise InputError(path, name, str(shape), "the shape of what follows")
            with archive.open(member) as stream:
                array = npy.read_array(stream, allow_pickle=False)
            arrays[name] = np.asarray(array, order="C")  # kernels take no other
    return arrays


def _header(npy: Any, stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def open_parquet(
    path: Path, asked_by: Path | str = COMMAND_LINE, field: str = "file"
) -> ParquetFile:
    """Open a Parquet file whose facts hold: its columns are plain numbers, flags or text.

    Raises
    ------
    InputError
        If it is no such file, torn, or claims more rows than its bytes can hold.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    open_regular(path, asked_by, field).close()
    try:
        file = ParquetFile(path)
        schema, facts = file.schema_arrow, file.metadata
        groups = [facts.row_group(i) for i in range(facts.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
    except Exception as error:  # Arrow's own, OSError and others
        raise InputError(path, "Parquet", reason_of(error), "a whole Parquet file") from None
    for column in schema:
        kind = column.type
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not (pa.types.is_primitive(kind) or text):
            raise InputError(path, f"column {column.name}", str(kind), "plain numbers or text")
    # a constant column takes next to nothing, however many rows it is said to have
    most = min((1 << 31) - 1, (1 << 20) + 64 * path.stat().st_size)
    if not (0 <= facts.num_rows <= most and 0 <= size <= ARRAYS_LIMIT):
        raise InputError(path, "rows", facts.num_rows, "a table that fits into memory")
    return file
