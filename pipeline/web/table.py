"""Everything that can be asked for, in one place."""

from __future__ import annotations

from pipeline.web import api
from pipeline.web.asking import Bare, Route
from pipeline.web.pages import (
    accounts,
    adding,
    archive,
    document,
    draft,
    history,
    home,
    item,
    making,
    missed,
    original,
    release,
    resting,
    sources,
    trends,
    watching,
)

ROUTES: tuple[Route | Bare, ...] = (
    *home.ROUTES,
    *making.ROUTES,
    *resting.ROUTES,
    *sources.ROUTES,
    *draft.ROUTES,
    *adding.ROUTES,
    *item.ROUTES,
    *original.ROUTES,
    *document.ROUTES,
    *history.ROUTES,
    *release.ROUTES,
    *missed.ROUTES,  # before the archive's, one of which takes any word for a format
    *archive.ROUTES,
    *trends.ROUTES,
    *accounts.ROUTES,
    *watching.ROUTES,
    *api.ROUTES,
)
