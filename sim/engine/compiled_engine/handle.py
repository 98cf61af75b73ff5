"""All arrays of a run as one pointer.

A tuple of forty arrays would be handed from kernel to kernel as some three hundred numbers, and
take minutes to compile. A handle is the address of a table with each array's place and shape; in
a kernel ``A.tickets`` reads them from there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import typeof, types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import populate_array

from sim.engine.compiled_engine.layout import Arrays

_WORDS = 4  # of the table for each array: its address and up to three lengths
_WORD = ir.IntType(64)


class ArraysType(types.Type):  # type: ignore[misc]
    """The type of a handle: names and types of its arrays, in order."""

    def __init__(self, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        super().__init__(name=f"Arrays({', '.join(f'{n}: {t}' for n, t in fields)})")


@cache
def _type_of(fields: tuple[tuple[str, np.dtype[Any], int], ...]) -> ArraysType:
    empty = ((name, np.zeros((0,) * dimensions, kind)) for name, kind, dimensions in fields)
    return ArraysType(tuple((name, typeof(array)) for name, array in empty))


class Handle:
    """Arrays that a kernel can be given, and that live as long as this does."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        rows = []
        for array in arrays:
            if not array.flags.c_contiguous or not array.flags.writeable:
                raise ValueError("a kernel's arrays are contiguous and may be written")
            rows.append([array.ctypes.data, *array.shape] + [0] * (_WORDS - 1 - array.ndim))
        self.table = np.array(rows, dtype=np.int64)
        self.address = self.table.ctypes.data
        self.type = _type_of(tuple((n, a.dtype, a.ndim) for n, a in arrays._asdict().items()))


@register_model(ArraysType)
class _ArraysModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _WORD)


@typeof_impl.register(Handle)
def _typeof(handle: Handle, _context: Any) -> ArraysType:
    return handle.type


@unbox(ArraysType)
def _unbox(_kind: Any, handle: Any, c: Any) -> Any:
    address = c.pyapi.object_getattr_string(handle, "address")
    value = c.pyapi.long_as_longlong(address)
    c.pyapi.decref(address)
    return NativeValue(value, is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))


@infer_getattr
class _ArraysAttribute(AttributeTemplate):  # type: ignore[misc]
    key = ArraysType

    def generic_resolve(self, kind: ArraysType, name: str) -> Any:
        return dict(kind.fields).get(name)


@lower_getattr_generic(ArraysType)
def _get(context: Any, builder: Any, kind: ArraysType, value: Any, name: str) -> Any:
    place = [n for n, _ in kind.fields].index(name)
    array_type = kind.fields[place][1]
    table = builder.inttoptr(value, _WORD.as_pointer())

    def word(i: int) -> Any:
        return builder.load(builder.gep(table, [_WORD(_WORDS * place + i)]))

    data_type = context.get_data_type(array_type.dtype)
    size = context.get_abi_sizeof(data_type)
    shape = [word(1 + i) for i in range(array_type.ndim)]
    strides = [_WORD(size)]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = context.make_array(array_type)(context, builder)
    populate_array(
        array,
        data=builder.inttoptr(word(0), data_type.as_pointer()),
        shape=shape,
        strides=strides,
        itemsize=_WORD(size),
        meminfo=None,
    )
    return array._getvalue()
