"""scope.yaml: what the bulletins are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from pipeline.config.strict import Strict

Terms = Mapping[Annotated[float, Field(gt=0, le=10)], tuple[str, ...]]
"""Weight → terms of that weight; a term is plain text, not a pattern."""


class Axis(Strict):
    """One of the sides an article must touch."""

    name: Annotated[str, Field(min_length=1)]
    terms: Terms


class PageType(Strict):
    """A kind of page that is not news, and the score it can reach at most."""

    name: Annotated[str, Field(min_length=1)]
    at_most: Annotated[float, Field(ge=0, le=1)]
    terms: Terms = Field(default_factory=dict)
    """The page is of this type when the weights of the terms found sum up to 2."""
    hosts: tuple[str, ...] = ()
    """Parts of an address that settle it alone."""


class PlaceRule(Strict):
    """Where an article must play, for series of one place: any one of the three is enough."""

    name: Annotated[str, Field(min_length=1)]
    places: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    """Phrases that contain one of the places without meaning it."""
    institutions: tuple[str, ...] = ()
    region: str = ""
    """Outlets of this region (outlets.yaml) count as local."""


class Scope(Strict):
    """What a bulletin is about, in terms an editor can edit."""

    axes: Annotated[tuple[Axis, ...], Field(min_length=1)]
    """All of them must be touched, best in one sentence."""
    strong: Terms = Field(default_factory=dict)
    """Terms that say by themselves that an article is on topic."""
    ignore: tuple[str, ...] = ()
    """Phrases that contain a term without meaning it."""
    against: Terms = Field(default_factory=dict)
    """Terms that speak against: near misses."""
    pages: tuple[PageType, ...] = ()
    title_weight: Annotated[float, Field(ge=0, le=10)] = 1.5
    lead_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    accept: Annotated[float, Field(gt=0, lt=1)] = 0.8
    consider: Annotated[float, Field(gt=0, lt=1)] = 0.3
    commentary: tuple[str, ...] = ()
    advertorial: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    places: Mapping[str, PlaceRule] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _accept_lies_above_consider(self) -> Scope:
        if self.accept <= self.consider:
            raise ValueError(f"accept {self.accept} must be greater than consider {self.consider}")
        return self
