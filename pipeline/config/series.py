"""series.yaml: the bulletins, their windows and their numbers."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from pipeline.config.strict import Strict, written_as
from pipeline.model import Window

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Weekly(Strict):
    """Seven days from the named weekday on."""

    from_: Annotated[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Field(alias="from")]

    @property
    def first_day(self) -> int:
        """The weekday a window starts on, Monday is 0."""
        return _DAYS.index(self.from_)


class WeeklySpec(Strict):
    """The YAML shape `weekly: {from: sat}`."""

    weekly: Weekly


class LastIssue(Strict):
    """The last issue put out elsewhere: numbering goes on from there."""

    number: Annotated[int, Field(ge=0)]
    """The next window gets the number after it."""
    window: Annotated[str, BeforeValidator(str)]
    """Its month, as 2024-06; of a weekly series the last day of its week."""


class Series(Strict):
    """One bulletin: its names, its windows, its numbers, its rules."""

    id: str = ""
    title: Annotated[str, Field(min_length=1)]
    issuer: Annotated[str, Field(min_length=1)]
    unit: Annotated[str, Field(min_length=1)]
    """What the lead sentence calls an issue: 月报 or 周报."""
    topic: Annotated[str, Field(min_length=1)]
    """The topic words in the lead sentence."""
    window: Literal["monthly"] | WeeklySpec
    after: Annotated[str, written_as(r"\d{1,2}:[0-5]\d", "hours and minutes, as 00:30")] = "00:30"
    """How long after the window's last midnight its draft is made."""
    catch_up: Annotated[int, Field(ge=0)] | Literal["all"] = 1
    """How many missed windows before the last closed one get their draft by themselves."""
    workday: bool = False
    """Whether its draft waits for the first working day from then on."""
    last: LastIssue
    place: str = ""
    """A geographic rule of scope.yaml; empty for nationwide."""
    zero: Literal["〇", "零", "○"] = "〇"
    footer: tuple[str, ...] = ()
    template: Annotated[str, written_as(r"[\w-]*", "the name of a template without .docx, as gongwen")] = ""
    """The look of this bulletin, where it is not that of settings.yaml."""
    pictures: bool = True
    """Whether the articles' pictures are printed; captions are in any case."""
    annex: Annotated[int, Field(ge=0, le=60)] = 0
    """Over how many issues, this one among them, the annex 趋势附录 of the document looks back; 0 for no annex."""

    @property
    def first_day(self) -> int | None:
        """The weekday windows start on; `None` for monthly windows."""
        return None if self.window == "monthly" else self.window.weekly.first_day

    def window_of(self, day: dt.date) -> Window:
        """The window that contains `day`."""
        if self.first_day is None:
            first = day.replace(day=1)
            return Window(first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1))
        first = day - dt.timedelta(days=(day.weekday() - self.first_day) % 7)
        return Window(first, first + dt.timedelta(days=6))

    @property
    def last_window(self) -> Window:
        """The window of the last issue put out elsewhere."""
        text = self.last.window
        return self.window_of(dt.date.fromisoformat(text + "-01" if len(text) == 7 else text))

    @model_validator(mode="after")
    def _last_window_is_a_window(self) -> Series:
        try:
            window = self.last_window
        except ValueError as error:
            raise ValueError(f"last.window {self.last.window!r}: write 2024-05 or a day such as 2025-08-01") from error
        if self.first_day is not None and self.last.window != window.end.isoformat():
            raise ValueError(f"last.window {self.last.window}: the week that holds this day ends on {window.end}")
        return self
