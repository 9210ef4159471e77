"""How the sources are doing."""

from __future__ import annotations

from pipeline.web.asking import Route

ROUTES: tuple[Route, ...] = ()
