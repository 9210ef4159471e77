"""Who decided what, what differs between two revisions, and what two people did at once."""

from __future__ import annotations

from pipeline.web.asking import Route

ROUTES: tuple[Route, ...] = ()
