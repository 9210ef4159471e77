"""The first page: every series with its issues."""

from __future__ import annotations

from starlette.responses import Response

from pipeline.model import Role
from pipeline.web.asking import Asked, Route


def home(asked: Asked) -> Response:
    """Every series with how its windows stand."""
    series = [one for one in asked.desk.config.series.values() if asked.who.sees(one.id)]
    return asked.page("home.html", shelves=[(one, asked.desk.standing(one)) for one in series])


ROUTES = (Route("GET", "/", home, Role.VIEWER),)
