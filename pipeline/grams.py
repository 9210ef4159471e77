"""What a text is found by where nobody divides Chinese into words.

Every two neighbouring characters are a term, so that a word of two is found wherever it stands; Latin words and
numbers are terms as they are. The archive's site and the search of the review page are made of the same terms, and
`outputs/search.js` takes a question apart in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

RUNS = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[a-z0-9]+")
"""The runs of Han characters, of Latin letters and digits; what lies between them is not searched."""


def terms(text: str) -> Iterator[str]:
    """What a text is found by."""
    for run in RUNS.findall(unicodedata.normalize("NFKC", text).lower()):
        if run.isascii():
            yield run
        else:
            yield from (before + after for before, after in pairwise(run))
