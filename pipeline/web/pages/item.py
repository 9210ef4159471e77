"""One candidate: its fields as read and as edited, its source, its page."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from pipeline.model import Desked, Role
from pipeline.web.asking import Asked, Route


@dataclass(frozen=True, slots=True)
class ItemView:
    """A candidate as the middle pane shows it."""

    handle: str
    title: str
    paragraphs: tuple[str, ...]


def item_view(asked: Asked, desked: Desked, handle: str) -> ItemView:
    """The candidate with this handle."""
    article = desked.draft.candidate(handle).article
    return ItemView(handle, article.title, tuple(article.text.splitlines()))


def show(asked: Asked) -> Response:
    """The middle pane for one candidate."""
    return asked.page("_item.html", item=item_view(asked, asked.desked(), asked.path("handle")))


ROUTES = (Route("GET", "/issues/{series}/{start}/items/{handle}", show, Role.VIEWER),)
