"""From the draft to the issue: submitted, approved, released, withdrawn, corrected."""

from __future__ import annotations

from pipeline.web.asking import Route

ROUTES: tuple[Route, ...] = ()
