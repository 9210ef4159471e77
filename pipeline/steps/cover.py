"""What earlier issues already carried: 重复, 后续进展 or new."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model import Coverage, Document, Printed
from pipeline.steps.dedupe import Archive


def cover(fresh: Sequence[Document], earlier: Sequence[Printed]) -> dict[str, list[Coverage]]:
    """For each fresh document (by id) where earlier issues carried it, strongest first.

    `earlier` may be all that was ever printed, or of it what an index found worth comparing.
    """
    if not earlier:
        return {}  # making fingerprints to compare them with nothing took half of judging
    known = {f"{one.series}/{one.number}/{one.position}": one for one in earlier}
    own = {one.id for one in fresh}
    archive = Archive(_as_known(key, one) for key, one in known.items())
    found: dict[str, list[Coverage]] = {}
    for edge in archive.relate(archive.add(fresh), among=False):
        a, b = (edge.a, edge.b) if edge.a in own else (edge.b, edge.a)
        if a in own and (one := known.get(b)):
            found.setdefault(a, []).append(
                Coverage(
                    one.series, one.number, one.position, one.document.title, edge.relation, edge.score, edge.because
                )
            )
    return {key: sorted(some, key=lambda one: -one.score) for key, some in found.items()}


def _as_known(key: str, one: Printed) -> Document:
    document = one.document
    return Document(key, document.title, document.text, document.date, document.url, document.aliases)
