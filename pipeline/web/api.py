"""The same verbs for programs: JSON, described by OpenAPI, with a token."""

from __future__ import annotations
