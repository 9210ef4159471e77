"""The review page: from draft to release in a browser.

A request travels through one door: `app` finds its `Route`, asks `access` who is there and whether they may, and hands
the handler an `Asked`: the open desk, the account, what the form said. Handlers live in `pages`, a module for each part
of the page with its own `ROUTES`; `table` lists them all, so that what can be reached stands in one place with the role
it needs. What is refused on the way is told by one page of errors. Templates lie in `templates/web`.
"""

from pipeline.web.access import is_loopback, is_unspecified
from pipeline.web.app import create_app
from pipeline.web.office import Launch, Office
from pipeline.web.server import listening, serve

__all__ = ["Launch", "Office", "create_app", "is_loopback", "is_unspecified", "listening", "serve"]
