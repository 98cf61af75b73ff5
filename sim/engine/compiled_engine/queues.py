"""Queues of any number and length, from one pool of nodes a shard.

A *heap* is a skew heap: the node with the smallest ``(k0, k1, id)`` first. (Sleator and Tarjan,
*Self-adjusting heaps*, SIAM J. Comput. 15, 1986.) What leaves it otherwise than at its top stays
there, stale, until it comes up. A *list* is sorted, and gives its nodes up at any place.
"""

from __future__ import annotations

from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import Arrays
from sim.model.flow import stands_before


@kernel
def before(nodes, a: int, b: int) -> bool:  # type: ignore[no-untyped-def]
    """Whether node a comes before node b."""
    x, y = nodes[a], nodes[b]
    return stands_before(x.k0, x.k1, x.id, y.k0, y.k1, y.id)


@kernel
def new(A: Arrays, s: int, k0: float, k1: float, ident: int, slot: int, aux: int) -> int:
    """Take a node of shard s."""
    shard = A.shards[s]
    node = shard.free
    n = A.nodes[node]
    shard.free = n.left
    shard.free_nodes -= 1
    n.k0 = k0
    n.k1 = k1
    n.id = ident
    n.slot = slot
    n.aux = aux
    n.left = -1
    n.right = -1
    return node


@kernel
def give_back(A: Arrays, s: int, node: int) -> None:
    """Return a node to its shard."""
    shard = A.shards[s]
    A.nodes[node].left = shard.free
    shard.free = node
    shard.free_nodes += 1


@kernel
def merge(nodes, a: int, b: int) -> int:  # type: ignore[no-untyped-def]
    """Return the root of two heaps put together."""
    if a < 0:
        return b
    if b < 0:
        return a
    if before(nodes, b, a):
        a, b = b, a
    root = a
    while True:  # a comes first: b goes into its right part, and its parts change places
        right = nodes[a].right
        nodes[a].right = nodes[a].left
        if right < 0:
            nodes[a].left = b
            return root
        if before(nodes, b, right):
            right, b = b, right
        nodes[a].left = right
        a = right


@kernel
def pop_root(A: Arrays, s: int, root: int) -> int:
    """Drop the first node of a heap and return the new root."""
    rest = merge(A.nodes, A.nodes[root].left, A.nodes[root].right)
    give_back(A, s, root)
    return rest


@kernel
def insert(A: Arrays, u: int, node: int) -> None:
    """Put a node into the list of unit u, searching from its end."""
    unit, nodes = A.units[u], A.nodes
    after = unit.tail
    while after >= 0 and before(nodes, node, after):
        after = nodes[after].left
    following = unit.head if after < 0 else nodes[after].right
    nodes[node].left = after
    nodes[node].right = following
    if after < 0:
        unit.head = node
    else:
        nodes[after].right = node
    if following < 0:
        unit.tail = node
    else:
        nodes[following].left = node


@kernel
def unlink(A: Arrays, s: int, u: int, node: int) -> None:
    """Take a node out of the list of unit u."""
    unit, nodes = A.units[u], A.nodes
    left, right = nodes[node].left, nodes[node].right
    if left < 0:
        unit.head = right
    else:
        nodes[left].right = right
    if right < 0:
        unit.tail = left
    else:
        nodes[right].left = left
    give_back(A, s, node)
