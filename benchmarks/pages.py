"""How far the estimated page numbers are from LibreOffice's, on issues of 2 to 160 pages in both templates.

usage: python -m benchmarks.pages [SEEDxARTICLESxPARAGRAPHS …]

All issues of a template are set in one start of LibreOffice. Exits with 1 when a page is more than one off.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.issues import picture, varied_issue
from pipeline.config import packaged
from pipeline.model import Issue
from pipeline.outputs.pages import PDF, destinations
from pipeline.outputs.word import estimate_pages, render_docx

TUNED = ((1, 3, 8), (2, 10, 14), (3, 20, 20), (4, 30, 14), (12, 5, 10), (15, 25, 14), (16, 40, 8), (17, 60, 3),
         (19, 33, 12), (20, 7, 60), (42, 35, 12))  # fmt: skip
"""Issues whose differences the estimate was mended by: seed, articles, blocks an article."""
UNSEEN = ((71, 1, 5), (72, 4, 6), (73, 8, 14), (74, 12, 20), (75, 15, 10), (76, 18, 30), (77, 22, 18), (78, 28, 14),
          (79, 45, 6), (80, 70, 3), (81, 3, 150), (82, 32, 14))  # fmt: skip


def exact_pages(issues: Sequence[Issue], template: Path) -> list[dict[str, int]]:
    """Handle → page of each issue, as LibreOffice sets it; all of them in one start of it."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.docx" for number in range(len(issues))]
        for issue, file in zip(issues, files, strict=True):
            file.write_bytes(render_docx(issue, template=template, pictures=picture))
        profile = (Path(folder) / "profile").as_uri()
        subprocess.run(
            [
                "soffice",
                f"-env:UserInstallation={profile}",
                "--headless",
                "--convert-to",
                PDF,
                "--outdir",
                folder,
                *files,
            ],
            env={**os.environ, "FONTCONFIG_FILE": str(template.parent / "fonts.conf")},
            check=True,
            capture_output=True,
        )
        return [
            destinations(file.with_suffix(".pdf").read_bytes(), issue)
            for issue, file in zip(issues, files, strict=True)
        ]


def errors(exact: Mapping[str, int], guess: Mapping[str, int]) -> dict[int, int]:
    """How many items are how many pages off."""
    return dict(sorted(Counter(guess[handle] - page for handle, page in exact.items()).items()))


def main() -> int:
    given = [tuple(map(int, one.split("x"))) for one in sys.argv[1:]]
    worst = 0
    for name in ("gongwen", "classic"):
        template = packaged("templates") / f"{name}.docx"
        for said, specs in (("", given),) if given else (("tuned on", TUNED), ("unseen", UNSEEN)):
            issues = [varied_issue(seed, articles, paragraphs=paragraphs) for seed, articles, paragraphs in specs]
            for issue, spec, exact in zip(issues, specs, exact_pages(issues, template), strict=True):
                started = time.process_time()
                guess = estimate_pages(issue, template=template, pictures=picture)
                seconds = time.process_time() - started
                off = errors(exact, guess)
                worst = max(worst, *map(abs, off))
                told = "x".join(map(str, spec))
                print(f"{name} {said} {told}: last item on page {max(exact.values())}; off by {off}; {seconds:.2f} s")
    print(f"worst: {worst} pages")
    return int(worst > 1)


if __name__ == "__main__":
    sys.exit(main())
