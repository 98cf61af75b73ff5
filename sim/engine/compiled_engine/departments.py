"""Departments: what waits for a unit, who is free, and who is sent."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled_engine import agenda, queues
from sim.engine.compiled_engine.jit import call_python, kernel
from sim.engine.compiled_engine.layout import (
    BACK_HOME,
    COST_BENEFIT,
    CREW,
    DECIDE,
    EDD,
    ENTER,
    FIRST,
    HINDSIGHT,
    JOINT_BEFORE,
    LEAVE,
    NEAREST,
    NONE,
    ONE,
    OWN_TURN,
    POLICY_FAILED,
    PRIORITY,
    PYTHON,
    SERVE,
    TRAVELLING,
    TURNS,
    WAITING,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.ledger import move, urgency
from sim.model.flow import stands_before
from sim.model.rules import next_epoch
from sim.model.travel import travel_time
from sim.model.way import is_at_base, place_on_line, place_on_road, speed_at, time_by_road
from sim.policy.cost_benefit import cost_benefit_key
from sim.policy.edd import edd_key
from sim.policy.priority import priority_key

_END = float("inf")


@kernel
def speed(A: Arrays, district: int) -> float:
    """Return the speed of the district's crews who leave now, m/s."""
    now = A.shards[district].now
    return speed_at(A.speed[district], A.slow[district], A.pace, A.parameters[0].first_day, now)


@kernel
def place_by_road(A: Arrays, P: Parameters, crew: int):  # type: ignore[no-untyped-def]
    """Return where a free crew can turn next on the roads, its node, and how long it is there."""
    c = A.crews[crew]
    district = A.units[c.unit].district
    shard = A.shards[district]
    if is_at_base(BACK_HOME, c.left, A.began[district, c.shift]):
        return c.base_x, c.base_y, np.int64(c.base_node), 0.0
    return place_on_road(
        A.seconds[shard.first_node : shard.last_node],
        A.hop[shard.first_node : shard.last_node],
        A.node_xy[shard.first_node : shard.last_node],
        P.access_s_m, c.from_x, c.from_y, np.int64(c.from_node), c.from_rest,
        c.base_x, c.base_y, np.int64(c.base_node),
        c.left, c.arrives, shard.now,
    )  # fmt: skip


@kernel
def place(A: Arrays, crew: int):  # type: ignore[no-untyped-def]
    """Return where a free crew is on the straight line, m."""
    c = A.crews[crew]
    district = A.units[c.unit].district
    if is_at_base(BACK_HOME, c.left, A.began[district, c.shift]):
        return c.base_x, c.base_y
    now = A.shards[district].now
    return place_on_line(c.from_x, c.from_y, c.base_x, c.base_y, c.left, c.arrives, now)


@kernel
def by_road(
    A: Arrays,
    P: Parameters,
    district: int,
    x0: float,
    y0: float,
    a: int,
    rest: float,
    x1: float,
    y1: float,
    b: int,
    pace: float,
) -> float:
    """Return the travel time from the first point, at node a, once a rest of way is over, s."""
    shard = A.shards[district]
    seconds = A.seconds[shard.first_node : shard.last_node]
    node_xy = A.node_xy[shard.first_node : shard.last_node]
    return time_by_road(
        seconds, node_xy, P.access_s_m, x0, y0, a, rest, x1, y1, b, P.fastest_m_s, pace
    )


@kernel
def travel_by_road(A: Arrays, P: Parameters, crew: int, slot: int, pace: float) -> float:
    """Return how long a crew would be under way to a ticket by road, s."""
    t = A.tickets[slot]
    district = A.units[A.crews[crew].unit].district
    x, y, node, rest = place_by_road(A, P, crew)
    return by_road(A, P, district, x, y, node, rest, t.x, t.y, A.grids[t.grid].node, pace)


@kernel
def travel(A: Arrays, P: Parameters, crew: int, slot: int, pace: float) -> float:
    """Return how long a crew would be under way to a ticket at its district's `speed`, s."""
    if P.roads:  # apart, so that the short way without roads is compiled into its callers
        return travel_by_road(A, P, crew, slot, pace)
    t = A.tickets[slot]
    x, y = place(A, crew)
    return travel_time(x, y, t.x, t.y, P.detour, pace)


@kernel
def set_out(A: Arrays, P: Parameters, crew: int, slot: int, pace: float) -> None:
    """Let a free crew leave for a ticket, from where it is now."""
    c = A.crews[crew]
    took = travel(A, P, crew, slot, pace)
    if P.roads:
        x, y, node, rest = place_by_road(A, P, crew)
    else:
        x, y = place(A, crew)
        node, rest = FIRST, 0.0
    c.free = False
    begin_leg(A, crew, x, y, node, rest, took)


@kernel
def turn_back(A: Arrays, P: Parameters, crew: int, slot: int) -> None:
    """Let a crew that is done with a ticket head for its base."""
    c, t = A.crews[crew], A.tickets[slot]
    district, node = A.units[c.unit].district, A.grids[t.grid].node
    pace = speed(A, district)
    if P.roads:
        base = np.int64(c.base_node)
        took = by_road(A, P, district, t.x, t.y, node, 0.0, c.base_x, c.base_y, base, pace)
    else:
        took = travel_time(t.x, t.y, c.base_x, c.base_y, P.detour, pace)
    c.free = True
    begin_leg(A, crew, t.x, t.y, node, 0.0, took)


@kernel
def begin_leg(
    A: Arrays, crew: int, x: float, y: float, node: int, rest: float, took: float
) -> None:
    """Let a crew be on another leg: what was to happen on the one before is void."""
    c = A.crews[crew]
    c.version += 1
    c.from_x = x
    c.from_y = y
    c.from_node = node
    c.from_rest = rest
    c.left = A.shards[A.units[c.unit].district].now
    c.arrives = c.left + took


@kernel
def is_ready(A: Arrays, crew: int, district: int) -> bool:
    """Whether a crew is free and on duty."""
    c = A.crews[crew]
    return c.free and c.shift >= 0 and A.on_duty[district, c.shift]


@kernel
def count_ready(A: Arrays, u: int) -> None:
    """Count the free crews on duty of a unit anew."""
    unit = A.units[u]
    unit.ready = 0
    for i in range(unit.first_crew, unit.last_crew):
        unit.ready += is_ready(A, A.unit_crews[i], unit.district)


@kernel
def nearest_crew(A: Arrays, P: Parameters, u: int, slot: int) -> int:
    """Return the free crew on duty that would be there first, ties by number."""
    unit, best, least = A.units[u], NONE, float("inf")
    pace = speed(A, unit.district)
    for i in range(unit.first_crew, unit.last_crew):
        crew = A.unit_crews[i]
        if is_ready(A, crew, unit.district):
            time = travel(A, P, crew, slot, pace)
            if time < least:
                best, least = crew, time
    return best


@kernel
def partner(A: Arrays, slot: int, number: int) -> int:
    """Return a further unit that a joint ticket needs; below 0 after the last."""
    t = A.tickets[slot]
    if not t.joint or number >= A.partners.shape[1]:
        return NONE
    department = A.partners[t.category, number]
    return A.unit_of[department, t.town] if department >= 0 else NONE


@kernel
def partners_ready(A: Arrays, slot: int) -> bool:
    """Whether all further units that a ticket needs have a free crew on duty."""
    number = FIRST
    while True:
        other = partner(A, slot, number)
        if other < 0:
            return True
        if A.units[other].ready == 0:
            return False
        number += 1


@kernel
def count_leads(A: Arrays, u: int, slot: int, change: int) -> None:
    """Note with the partners of a joint ticket that it waits for them, or no longer does."""
    number = FIRST
    while True:
        other = partner(A, slot, number)
        if other < 0:
            return
        A.units[u].joint += change
        unit = A.units[other]
        for i in range(unit.first_lead, unit.last_lead):
            if A.leads[i].unit == u:
                A.leads[i].count += change
        number += 1


@kernel
def rank_ticket(A: Arrays, P: Parameters, slot: int) -> None:
    """Ask the policy where a ticket stands."""
    t = A.tickets[slot]
    if P.policy == PRIORITY:
        t.k0, t.k1 = priority_key(urgency(A, slot), t.ready)
    elif P.policy == COST_BENEFIT:
        work = A.categories[t.category].work_s
        t.k0, t.k1 = cost_benefit_key(urgency(A, slot), work, t.ready)
    elif P.policy == HINDSIGHT:
        t.k0, t.k1 = cost_benefit_key(urgency(A, slot), t.work_s, t.ready)
    elif P.policy == EDD:
        t.k0, t.k1 = edd_key(t.due_arrive, t.due_close, t.arrived == t.arrived, t.ready)
    else:
        t.k0 = t.ready
        t.k1 = 0.0


@kernel
def enter(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Put a ticket into the queue of its unit."""
    queue_up(A, P, s, slot)
    if P.policy == PYTHON:
        ask_policy(A, P, s, ENTER, A.tickets[slot].unit, slot)


@kernel
def queue_up(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Count a ticket that waits for its unit, and put it in line unless a policy in Python does."""
    t = A.tickets[slot]
    u = t.unit
    unit = A.units[u]
    unit.waiting += 1
    count_leads(A, u, slot, 1)
    if P.policy == PYTHON:
        return
    rank_ticket(A, P, slot)
    node = queues.new(A, s, t.k0, t.k1, t.id, slot, FIRST)
    if t.joint or P.policy == NEAREST:
        queues.insert(A, u, node)
    else:
        unit.root = queues.merge(A.nodes, unit.root, node)


@kernel
def leave(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Take a ticket out of the queue of its unit; in a heap it is stale from now on."""
    t = A.tickets[slot]
    u = t.unit
    unit = A.units[u]
    unit.waiting -= 1
    count_leads(A, u, slot, -1)
    if P.policy == PYTHON:
        ask_policy(A, P, s, LEAVE, u, slot)
    elif t.joint or P.policy == NEAREST:
        node = unit.head
        while A.nodes[node].slot != slot:
            node = A.nodes[node].right
        queues.unlink(A, s, u, node)


@kernel
def rerank(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Ask the policy again where a ticket stands that supervision has taken up."""
    t = A.tickets[slot]
    k0, k1 = t.k0, t.k1
    if P.policy != PYTHON:
        rank_ticket(A, P, slot)
    if P.policy == PYTHON or t.k0 != k0 or t.k1 != k1:
        leave(A, P, s, slot)
        enter(A, P, s, slot)
    dispatch(A, P, s, t.unit)


@kernel
def ask_policy(A: Arrays, P: Parameters, s: int, what: int, u: int, other: int) -> int:
    """Call the policy back in Python."""
    if A.shards[s].status == POLICY_FAILED:
        return 0
    answer = call_python(P.callback, what, u, other)
    if answer < 0:
        A.shards[s].status = POLICY_FAILED
        return 0
    return answer


@kernel
def first_plain(A: Arrays, s: int, u: int) -> int:
    """Return the first node of a unit's heap that is not stale; below 0: none."""
    unit = A.units[u]
    while unit.root >= 0:
        n = A.nodes[unit.root]
        t = A.tickets[n.slot]
        if t.id == n.id and t.state == WAITING and t.unit == u and t.k0 == n.k0 and t.k1 == n.k1:
            return unit.root
        unit.root = queues.pop_root(A, s, unit.root)
    return NONE


@kernel
def first(A: Arrays, s: int, u: int) -> int:
    """Return the node of who is first in line, joint or not; below 0: nobody waits."""
    plain, listed = first_plain(A, s, u), A.units[u].head
    if plain < 0 or (listed >= 0 and queues.before(A.nodes, listed, plain)):
        return listed
    return plain


@kernel
def earlier(A: Arrays, node: int, k0: float, k1: float, ident: int) -> bool:
    """Whether a node comes before a place in line; all come before infinity."""
    n = A.nodes[node]
    return stands_before(n.k0, n.k1, n.id, k0, k1, ident)


@kernel
def next_ticket(A: Arrays, s: int, u: int, k0: float, k1: float, ident: int) -> int:
    """Return the slot of the first in line that could be served now; below 0: none."""
    plain = first_plain(A, s, u)
    node = A.units[u].head
    while node >= 0 and (plain < 0 or queues.before(A.nodes, node, plain)):
        if not earlier(A, node, k0, k1, ident):
            return NONE
        if partners_ready(A, A.nodes[node].slot):
            return A.nodes[node].slot
        node = A.nodes[node].right
    if plain >= 0 and earlier(A, plain, k0, k1, ident):
        return A.nodes[plain].slot
    return NONE


@kernel
def serve(
    A: Arrays, P: Parameters, s: int, u: int, ahead_of: int, k0: float, k1: float, ident: int
) -> None:
    """Send a unit's crews to what waits for it, or to what stands before a place in line."""
    if P.policy == PYTHON:
        while A.units[u].waiting > 0 and A.units[u].ready > 0:
            if ask_policy(A, P, s, SERVE, u, ahead_of) == 0:
                return
            slot = A.team[1]
            leave(A, P, s, slot)
            depart(A, P, s, slot, A.team, FIRST + 2, A.team[0])
        return
    team = A.scratch[s]
    while A.units[u].waiting > 0 and A.units[u].ready > 0:
        if P.policy == NEAREST:
            slot, crew = nearest_pair(A, P, u, k0, k1, ident)
        else:
            slot = next_ticket(A, s, u, k0, k1, ident)
            crew = nearest_crew(A, P, u, slot) if slot >= 0 else NONE
        if slot < 0:
            return
        team[0] = crew
        members = FIRST + 1
        while True:
            other = partner(A, slot, members - 1)
            if other < 0:
                break
            team[members] = nearest_crew(A, P, other, slot)
            members += 1
        leave(A, P, s, slot)
        depart(A, P, s, slot, team, FIRST, members)


@kernel
def nearest_pair(  # type: ignore[no-untyped-def]
    A: Arrays, P: Parameters, u: int, k0: float, k1: float, ident: int
):
    """Return slot and crew with the shortest way; ties by who has waited longest."""
    unit = A.units[u]
    node, slot, crew, least = unit.head, NONE, NONE, float("inf")
    pace = speed(A, unit.district)
    while node >= 0:
        if not earlier(A, node, k0, k1, ident):
            break
        here = A.nodes[node].slot
        if partners_ready(A, here):
            for i in range(unit.first_crew, unit.last_crew):
                c = A.unit_crews[i]
                if is_ready(A, c, unit.district):
                    time = travel(A, P, c, here, pace)
                    if time < least:
                        slot, crew, least = here, c, time
        node = A.nodes[node].right
    return slot, crew


@kernel
def depart(  # type: ignore[no-untyped-def]
    A: Arrays, P: Parameters, s: int, slot: int, team, first_member: int, members: int
) -> None:
    """Send crews to a ticket."""
    t, now = A.tickets[slot], A.shards[s].now
    t.team = NONE
    t.missing = members
    t.present = members
    pace = speed(A, s)
    for i in range(first_member, first_member + members):
        crew = team[i]
        c = A.crews[crew]
        set_out(A, P, crew, slot, pace)
        agenda.push(A, s, c.arrives, CREW, crew, slot, c.version)
        c.works = False
        c.slot = slot
        c.mate = t.team
        t.team = crew
        c.work = float("nan")
        A.units[c.unit].idle -= 1
        A.units[c.unit].ready -= 1
    t.dispatched = now
    move(A, P, slot, TRAVELLING)


@kernel
def dispatch(A: Arrays, P: Parameters, s: int, u: int) -> None:
    """Decide at once, or at the policy's next epoch, after all else at that instant."""
    if P.epoch_s == 0.0:
        decide(A, P, s, u)
    elif A.units[u].awaiting == 0:
        A.units[u].awaiting = 1
        when = next_epoch(A.shards[s].now, P.epoch_s)
        agenda.push(A, s, when, DECIDE, u, FIRST, FIRST)


@kernel
def take_up(A: Arrays, P: Parameters, s: int, u: int) -> None:
    """Let a unit whose crews come on duty take up what waits for them."""
    unit = A.units[u]
    some = unit.waiting > 0
    for i in range(unit.first_lead, unit.last_lead):
        some = some or A.leads[i].count > 0
    if some:
        dispatch(A, P, s, u)


@kernel
def decide(A: Arrays, P: Parameters, s: int, u: int) -> None:
    """Send crews while there are any, something waits, and the policy wants to."""
    unit = A.units[u]
    leads, many = A.scratch[s], 0
    base = ONE + A.partners.shape[1]  # the first places of the scratch are for teams
    for i in range(unit.first_lead, unit.last_lead):
        if A.leads[i].count > 0:
            leads[base + many] = A.leads[i].unit
            many += 1
    for turn in range(TURNS):
        if turn == OWN_TURN:
            serve(A, P, s, u, NONE, _END, 0.0, NONE)
            continue
        before = turn == JOINT_BEFORE
        if before and unit.waiting == 0:
            continue
        for i in range(many):
            ahead_of, k0, k1, ident = NONE, _END, 0.0, NONE
            if before:
                ahead_of = u
                if P.policy != PYTHON:
                    node = A.nodes[first(A, s, u)]
                    k0, k1, ident = node.k0, node.k1, node.id
            serve(A, P, s, leads[base + i], ahead_of, k0, k1, ident)
