"""scope.yaml: what the bulletins are about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from pipeline.config.strict import Strict

_LONGEST = 60  # characters; the longest name of a programme or a system is about 40
_PATTERN = re.compile(r"[\\^$*|\[\]{}]|\(\?|\.[+?]|\)[+?]")


def _plain(term: str) -> str:
    """Refuses what is no word to look for: nothing, one character, a page of text, a regular expression."""
    term = term.strip()
    if not term:
        raise ValueError("is empty: write a word, or take its comma away")
    if len(term) == 1:
        raise ValueError(f"{term!r} is a single character, which almost every text holds: write a longer word")
    if len(term) > _LONGEST:
        raise ValueError(f"{term[:12]!r}… has {len(term)} characters, a term at most {_LONGEST}: is a comma missing?")
    if found := _PATTERN.search(term):
        raise ValueError(f"{term!r} holds {found[0]!r}: a term is plain text and no pattern, so write each form out")
    return term


Term = Annotated[str, AfterValidator(_plain)]
"""Plain text that is looked for as it stands."""

Terms = Mapping[Annotated[float, Field(gt=0, le=10)], tuple[Term, ...]]
"""Weight → terms of that weight."""


class Axis(Strict):
    """One of the sides an article must touch."""

    name: Annotated[str, Field(min_length=1)]
    """What an editor reads."""
    terms: Terms
    """Weight → terms of that weight."""


class Topic(Strict):
    """A subject of the bulletin, with the terms that say by themselves that an article is about it."""

    name: Annotated[str, Field(min_length=1)]
    """What an editor reads."""
    terms: Terms
    """Weight → terms of that weight."""
    must: tuple[Term, ...] = ()
    """The topic counts only in articles that hold one of these."""
    unless: Annotated[tuple[Term, ...], Field(alias="not")] = ()
    """The topic does not count in a sentence that holds one of these."""


class PageType(Strict):
    """A kind of page that is not news, and the score it can reach at most."""

    name: Annotated[str, Field(min_length=1)]
    """What an editor reads."""
    at_most: Annotated[float, Field(ge=0, le=1)]
    """The score it can reach."""
    terms: Terms = Field(default_factory=dict)
    """The page is of this type when the weights of the terms found sum up to 2."""
    hosts: tuple[str, ...] = ()
    """Parts of an address that settle it alone."""


class PlaceRule(Strict):
    """Where an article must play, for series of one place: any one of the three is enough."""

    name: Annotated[str, Field(min_length=1)]
    """What an editor reads."""
    places: tuple[Term, ...] = ()
    """Names of the place and of what lies in it."""
    passing: tuple[Term, ...] = ()
    """Phrases that contain one of the places without meaning it."""
    institutions: tuple[Term, ...] = ()
    """Institutions of the place."""
    region: str = ""
    """Outlets of this region (outlets.yaml) count as local."""


class Scope(Strict):
    """What a bulletin is about, in terms an editor can edit."""

    axes: Annotated[tuple[Axis, ...], Field(min_length=1)]
    """All of them must be touched, best in one sentence."""
    topics: tuple[Topic, ...] = ()
    ignore: tuple[Term, ...] = ()
    """Phrases that contain a term without meaning it."""
    against: Terms = Field(default_factory=dict)
    """Terms that speak against: near misses."""
    pages: tuple[PageType, ...] = ()
    title_weight: Annotated[float, Field(ge=0, le=10)] = 1.5
    lead_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    """By how much a term of the lead counts more than one further on."""
    accept: Annotated[float, Field(gt=0, lt=1)] = 0.8
    consider: Annotated[float, Field(gt=0, lt=1)] = 0.3
    trained_words: bool = True
    """Whether what ships trained weighs along, words and embeddings: both learned on health informatization."""
    commentary: tuple[Term, ...] = ()
    advertorial: tuple[Term, ...] = ()
    companies: tuple[Term, ...] = ()
    places: Mapping[str, PlaceRule] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _strong_is_topics_now(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "strong" in data:
            raise _at(
                ("strong",),
                "is called topics now: `bulletin config migrate` writes its lines below `topics:`, with a copy beside",
            )
        return data

    @model_validator(mode="after")
    def _accept_lies_above_consider(self) -> Scope:
        if self.accept <= self.consider:
            raise ValueError(f"accept {self.accept} must be greater than consider {self.consider}")
        return self

    @model_validator(mode="after")
    def _every_term_stands_once(self) -> Scope:
        """A term in two lists, or of two weights, would count as one of them without saying which."""
        first: dict[str, tuple[str, float]] = {}
        for where, named, weight, term in self._listed():
            key = alike(term)
            if key in first and first[key] != (named, weight):
                other, weighed = first[key]
                told = f"{other} of weight {weighed:g}" if weighed else other
                raise _at(where, f"{term!r} stands in {told} already: keep one of the two")
            first[key] = (named, weight)
        return self

    def _listed(self) -> Iterator[tuple[tuple[str | int, ...], str, float, str]]:
        """Every term that is looked for: its place in the file, its list, its weight, the term."""
        weighted: list[tuple[tuple[str | int, ...], str, Terms]] = [
            *((("axes", i, "terms"), f"axes {axis.name}", axis.terms) for i, axis in enumerate(self.axes)),
            *((("topics", i, "terms"), f"topics {one.name}", one.terms) for i, one in enumerate(self.topics)),
            (("against",), "against", self.against),
        ]
        for where, named, terms in weighted:
            for weight, group in terms.items():
                yield from (((*where, f"{weight:g}", i), named, weight, term) for i, term in enumerate(group))
        yield from ((("ignore", i), "ignore", 0.0, term) for i, term in enumerate(self.ignore))


def alike(term: str) -> str:
    """A term as it is compared: widths, capitals, quotes and blanks make no difference."""
    return re.sub(r"[\s“”\"'‘’「」『』]", "", unicodedata.normalize("NFKC", term).lower())


def _at(where: tuple[str | int, ...], told: str) -> ValidationError:
    """An error about a place in the file; `told` in plain words."""
    problem = PydanticCustomError("scope", "{told}", {"told": told})
    return ValidationError.from_exception_data("Scope", [InitErrorDetails(type=problem, loc=where, input=None)])
