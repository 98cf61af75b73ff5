"""Compilation: one decorator for all kernels, and the model's rules made callable from them."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, register_jitable

from sim.clock import tick
from sim.model import calendar, order, patrol, rules, travel
from sim.policy.cost_benefit import cost_benefit_key
from sim.policy.edd import edd_key
from sim.policy.priority import priority_key

# what both engines decide alike is written once, in plain Python, and compiled from there
for rule in (
    tick,
    calendar.segment,
    calendar.rate_at,
    calendar.accrued,
    calendar.advance,
    calendar.next_step,
    order.rank,
    patrol.next_pass,
    patrol.along_leg,
    patrol.route_pass,
    patrol.route_place,
    patrol.walk_to,
    rules.next_epoch,
    rules.urgency,
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
    edd_key,
    priority_key,
    cost_benefit_key,
):
    register_jitable(_nrt=False, error_model="numpy")(rule)

# kernels allocate nothing: without reference counts they compile and run faster
OPTIONS = {"nogil": True, "_nrt": False, "error_model": "numpy"}
kernel = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)


@intrinsic
def call_python(typingctx: Any, address: Any, what: Any, a: Any, b: Any) -> Any:
    """Call a C function ``int64(int64, int64, int64)`` by its address."""
    signature = types.int64(types.int64, types.int64, types.int64, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = ir.IntType(64)
        function = ir.FunctionType(whole, [whole] * 3)
        return builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])

    return signature, codegen
