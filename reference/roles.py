"""Who may do what on the review page: `bulletin account roles` as a page."""

from __future__ import annotations

from pipeline.model import Role
from pipeline.web.table import ROUTES
from reference.markup import code, prose, table
from reference.reading import docstring


def page() -> str:
    """Every address with the least role that may use it."""
    lines = [
        "# Roles",
        "",
        f"{prose(docstring(Role))} `bulletin account add --role` gives one, `bulletin account roles` prints the lists "
        "below.",
    ]
    for role in (None, *Role):
        rows = sorted((one.path, one.method, one.told) for one in ROUTES if one.role is role)
        title = f"{role.value} {role.chinese}" if role else "without an account 不问账号"
        lines += ["", f"## {title} {{ #{role.value if role else 'everybody'} }}", ""]
        lines += [
            table(("Address", "Method", "至少须有"), [(code(path), method, prose(told)) for path, method, told in rows])
        ]
    return "\n".join(lines)
