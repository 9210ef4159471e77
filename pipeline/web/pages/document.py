"""The draft as a document: its preview, its files, an edited file taken back."""

from __future__ import annotations

from pipeline.web.asking import Route

ROUTES: tuple[Route, ...] = ()
