"""What a new model must show before it is used: figures beside the old one's, none of them worse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of two models; its name in Chinese."""

    name: str
    old: float
    new: float


@dataclass(frozen=True, slots=True)
class Trial:
    """The figures, and why the new model is refused; it passes when there is no reason."""

    figures: tuple[Figure, ...]
    refusals: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the new model is no worse."""
        return not self.refusals
