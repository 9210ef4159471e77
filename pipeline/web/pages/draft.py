"""The draft page: what is in, what waits, what is passed over, and what the checks say."""

from __future__ import annotations

from pipeline.web.asking import Route

ROUTES: tuple[Route, ...] = ()
