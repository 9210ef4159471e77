"""Templates of the review page: autoescaped, every name in them known."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.config import packaged
from pipeline.model import BEIJING, chinese_date, chinese_number


def folder() -> Path:
    """Where the templates lie; they belong to the program, not to the office."""
    return packaged("templates") / "web"


@cache
def static(name: str) -> str:
    """The address of a file of `static`, which changes with what is in it, so that browsers may keep it for good."""
    data = (folder() / "static" / name).read_bytes()
    return f"/static/{hashlib.sha256(data).hexdigest()[:12]}/{name}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"static": static}
    environment.filters |= {
        "chinese_date": chinese_date,
        "chinese_number": chinese_number,
        "beijing": lambda moment: f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}",
    }
    return environment


def render(name: str, **values: object) -> str:
    """A template with `values`."""
    return _environment().get_template(name).render(values)
