"""What all settings have in common: unknown keys are refused, values do not change."""

from __future__ import annotations

import re

from pydantic import AfterValidator, BaseModel, ConfigDict


class Strict(BaseModel):
    """A piece of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def written_as(pattern: str, example: str) -> AfterValidator:
    """Refuses a text of another shape, in words that show the right one."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"write {example}")
        return text

    return AfterValidator(check)
