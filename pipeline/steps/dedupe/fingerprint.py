"""What finds a document again among many: keys of its addresses, its text and its bands, its telling words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.resources import files
from urllib.parse import urlsplit

from pipeline.model import Document, Fingerprint, digest
from pipeline.steps.canonical import canonical, title_key
from pipeline.steps.dedupe.events import Model, head_of, shipped
from pipeline.steps.dedupe.near import bands
from pipeline.steps.urls import canonical_url

_FORMAT = 2  # goes up when the same document gets another fingerprint, or the same pair another relation
SHORT = 50
"""Characters; what is shorter is the same text only under the same title: 详见附件 is not one article twice."""


def basis(model: Model | None = None) -> str:
    """What fingerprints and relations rest on: the form of the one, the weights of the other."""
    if model is None:
        return _shipped()
    return digest(_shipped(), json.dumps([model.intercept, sorted(model.weights.items())]))[:8]


@cache
def _shipped() -> str:
    weights = files("pipeline.steps.dedupe").joinpath("weights.json").read_bytes()
    return digest(str(_FORMAT), weights)[:8]


@lru_cache(maxsize=65_536)  # asked for 140 times for each article that is put into the index
def telling(word: str) -> float:
    """How much a word tells, from news at large: 0 when every text has it."""
    return shipped().idf(word)


def stamp(document: Document, model: Model | None = None) -> str:
    """The basis, and the addresses: the same article may be met at a further one."""
    return f"{basis(model)}:{digest(document.url, *sorted(document.aliases))[:8]}"


def fingerprints(documents: Sequence[Document], model: Model | None = None) -> list[Fingerprint]:
    """The fingerprints of documents, in their order."""
    texts = [canonical(document.text) for document in documents]
    return [
        _fingerprint(document, text, keys, model)
        for document, text, keys in zip(documents, texts, bands(texts), strict=True)
    ]


def fingerprint(document: Document) -> Fingerprint:
    """The fingerprint of one document."""
    return fingerprints([document])[0]


def _fingerprint(document: Document, text: str, keys: Iterable[bytes], model: Model | None) -> Fingerprint:
    head = head_of(document)
    whole = text if len(text) >= SHORT else f"{title_key(document.title)}\n{text}"
    return Fingerprint(
        id=document.id,
        day=document.date,
        urls=tuple(dict.fromkeys(_key(b"url", one.encode()) for one in _addresses(document))),
        text=_key(b"text", whole.encode()) if text else None,
        bands=tuple(_key(b"band", key) for key in keys),
        title=head.title,
        words=head.words,
        head=f"{head.text}\n{head.spoken}",
        stamp=stamp(document, model),
    )


def _addresses(document: Document) -> list[str]:
    """In canonical form; an alias without a path is a site that calls every page of its own its front page."""
    own = [canonical_url(document.url)] if document.url else []
    others = (canonical_url(one) for one in document.aliases)
    return own + [one for one in others if (parts := urlsplit(one)).path.strip("/") or parts.query or parts.fragment]


def _key(of: bytes, data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8, person=of).digest(), "little", signed=True)


def days_apart(a: dt.date | None, b: dt.date | None) -> int | None:
    """How many days lie between two days, `None` when one is not known."""
    return abs((a - b).days) if a and b else None
