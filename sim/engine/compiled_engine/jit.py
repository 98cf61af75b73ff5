"""Compilation: one decorator for all kernels, and the model's rules made callable from them."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from sim.clock import modulo, tick
from sim.model import calendar, flow, order, rules, travel, walking, way
from sim.policy.cost_benefit import cost_benefit_key
from sim.policy.edd import edd_key
from sim.policy.priority import priority_key

# what both engines decide alike is written once, in plain Python, and compiled from there
for rule in (
    tick,
    modulo,
    calendar.segment,
    calendar.within,
    calendar.rate_at,
    calendar.accrued,
    calendar.advance,
    calendar.next_step,
    order.rank,
    order.kind_of,
    order.ident_of,
    walking.next_pass,
    walking.along_leg,
    walking.route_pass,
    walking.route_place,
    walking.walk_to,
    rules.next_epoch,
    rules.urgency,
    rules.close_due,
    rules.supervision_due,
    rules.satisfaction,
    travel.travel_time,
    travel.hour_of,
    travel.slowed,
    travel.share_behind,
    travel.on_the_way,
    travel.distance,
    travel.road_seconds,
    travel.road_time,
    travel.road_stop,
    flow.may_be_found,
    flow.may_vanish,
    flow.vanishes_unheard,
    flow.calls_again,
    flow.is_new_from_12345,
    flow.is_new_from_110,
    flow.town_desk,
    flow.district_desk,
    flow.town_has_it,
    flow.skips_centre,
    flow.gridworker_goes,
    flow.must_be_referred,
    flow.reader,
    flow.stands_before,
    flow.gridworker_checks,
    flow.reopens,
    flow.is_asked,
    way.speed_at,
    way.place_on_line,
    way.place_on_road,
    way.time_by_road,
    way.is_at_base,
    edd_key,
    priority_key,
    cost_benefit_key,
):
    register_jitable(_nrt=False, error_model="numpy")(rule)

# kernels allocate nothing: without reference counts they compile and run faster
OPTIONS = {"nogil": True, "_nrt": False, "error_model": "numpy"}
kernel = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)
# several results handed back through memory cost more than a short function
inlined = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, inline="always", **OPTIONS)


@intrinsic
def call_python(typingctx: Any, address: Any, what: Any, a: Any, b: Any) -> Any:
    """Call a C function ``int64(int64, int64, int64)`` by its address."""
    signature = types.int64(types.int64, types.int64, types.int64, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = ir.IntType(64)
        function = ir.FunctionType(whole, [whole] * 3)
        return builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])

    return signature, codegen


def _element(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def atomic_add(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Add to an element of an int64 array as one step of all threads; return what it was."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _element(context, builder, signature.args[0], args[0], args[1])
        return builder.atomic_rmw("add", place, args[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), codegen


@intrinsic
def atomic_load(typingctx: Any, array: Any, index: Any) -> Any:
    """Read an element of an int64 array that other threads write."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _element(context, builder, signature.args[0], args[0], args[1])
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(array, types.int64), codegen


def _c_function(name: str, *numbers: int, does: str) -> Any:
    """Return what calls a function of the C library with these numbers."""

    def call(typingctx: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            whole = ir.IntType(32)
            kind = ir.FunctionType(whole, [whole] * len(numbers))
            function = cgutils.get_or_insert_function(builder.module, kind, name)
            return builder.call(function, [ir.Constant(whole, n) for n in numbers])

        return types.int32(), codegen

    call.__doc__ = does
    return intrinsic(call)


yield_processor = _c_function(
    "sched_yield", does="Let other threads of the machine have this one's processor."
)
sleep = _c_function(
    "usleep", 1, does="Leave the processor to others for as short a time as there is."
)


@intrinsic
def prefetch(typingctx: Any, array: Any, index: Any, offset: Any) -> Any:
    """Have a line of an array's element brought near while the processor does something else."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        element = _element(context, builder, signature.args[0], args[0], args[1])
        place = builder.gep(builder.bitcast(element, ir.IntType(8).as_pointer()), [args[2]])
        whole = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, whole, whole, whole])
        function = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        reading, soon_again, data = (ir.Constant(whole, n) for n in (0, 3, 1))
        builder.call(function, [place, reading, soon_again, data])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), codegen
