"""Polite, safe HTTP: one address in, bytes out, or a `FetchError` an editor can read.

Three files: `addresses` decides what may be dialled and dials it, `exchange` bounds one answer in time and
size, `fetcher` is the traveller: robots.txt, pacing, redirects, retries, conditional requests.
"""

from __future__ import annotations

from pipeline.fetch.addresses import is_public
from pipeline.fetch.fetcher import Fetcher

__all__ = ["Fetcher", "is_public"]
