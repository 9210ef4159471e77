"""How a drill ends: what it tried, what was broken."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def concluded(points: int, broken: Sequence[str]) -> NoReturn:
    """Ends the drill: prints every broken promise and the line that `python -m drills` reads; exit code 1 with any."""
    for one in broken:
        print(f"BROKEN: {one}")
    print(f"{points} points tried, {len(broken)} promises broken", flush=True)
    sys.exit(bool(broken))
