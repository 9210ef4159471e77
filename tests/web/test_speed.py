"""Pages stay quick with a thousand candidates: what is asked and worked out is counted, not timed."""

from __future__ import annotations

import time

from pipeline.web import rendering


def test_every_template_is_read_in_a_moment():
    began = time.process_time()
    environment = rendering._environment.__wrapped__()
    for path in sorted(rendering.folder().glob("*.html")):
        environment.get_template(path.name)
    assert time.process_time() - began < 10, "a pattern that tries its ways one after the other takes minutes"
