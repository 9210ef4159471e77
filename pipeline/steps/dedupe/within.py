"""The edges of some documents among themselves, from those of an archive."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pipeline.model import Edge, Relation


def within(edges: Sequence[Edge], ids: Collection[str]) -> list[Edge]:
    """The edges with both ends among `ids`, strongest first.

    Copies are linked to the first of them only, which may lie outside: then those inside are linked to each other.
    """
    inside = [edge for edge in edges if edge.a in ids and edge.b in ids]
    linked = {frozenset((edge.a, edge.b)) for edge in inside}
    copies: dict[str, dict[str, Edge]] = {}
    for edge in edges:
        if edge.relation in (Relation.EXACT, Relation.REPRINT) and (edge.a in ids) != (edge.b in ids):
            near, far = (edge.a, edge.b) if edge.a in ids else (edge.b, edge.a)
            copies.setdefault(far, {})[near] = edge
    order = list(Relation)
    for _, mine in sorted(copies.items()):
        first, *others = sorted(mine)
        for other in others:
            if frozenset((first, other)) not in linked:
                linked.add(frozenset((first, other)))
                weaker = max(mine[first], mine[other], key=lambda edge: (order.index(edge.relation), -edge.score))
                inside.append(Edge(first, other, weaker.relation, weaker.score, weaker.because))
    return sorted(inside, key=lambda edge: (order.index(edge.relation), -edge.score, edge.a, edge.b))
