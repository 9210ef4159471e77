"""One candidate: its fields as read and as edited, its source, its page."""

from __future__ import annotations

from pipeline.web.asking import Route

ROUTES: tuple[Route, ...] = ()
