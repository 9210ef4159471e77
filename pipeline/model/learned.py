"""What is learned from editors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.values import digest


class Learnt(StrEnum):
    """What can be learned from editors' decisions."""

    SCOPE = "scope"
    """From what they took and put out."""
    EVENTS = "events"
    """From what they merged and split."""

    @property
    def chinese(self) -> str:
        """The word an editor reads."""
        return {"scope": "监测范围", "events": "事件归并"}[self.value]


@dataclass(frozen=True, slots=True)
class Learned:
    """A model learned from decisions, used or refused."""

    kind: Learnt
    made: dt.datetime
    who: str
    decisions: int
    """From how many decisions it was learned."""
    content: str
    """The model itself, as text."""
    figures: Mapping[str, tuple[float, float]]
    """What was measured, in Chinese → the figure of the model in use then, and its own."""
    refused: str = ""
    """Why it was never used, in Chinese; empty for one that passed."""
    active: bool = False
    damaged: bool = False
    """Whether its text is no longer what was learned; it cannot be used."""
    id: int = 0
    """Its number in the store; 0 while it has none."""

    @property
    def digest(self) -> str:
        """What its text is known by."""
        return digest(self.content)[:12]
