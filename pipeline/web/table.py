"""Everything that can be asked for, in one place."""

from __future__ import annotations

from pipeline.web import api
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
    original,
    release,
    resting,
    sources,
)

ROUTES = (
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
    *archive.ROUTES,
    *accounts.ROUTES,
    *api.ROUTES,
)
