"""The licences of all that the program brings along, and whether an office may use them: THIRD-PARTY.md.

usage: python .ci/licences.py [--check]

What is installed says itself under what it stands; where it says so in words, or in none, `_SPDX` has what its licence
file says. Refused is what stands under the GPL or AGPL alone. `--check` writes nothing, and fails where the file lacks
what is installed; releases for other machines may need more, so what the file has beyond that is left alone.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
FILE = ROOT / "THIRD-PARTY.md"
ITSELF = "bulletin-desk"
EXTRAS = ("postgresql", "browser", "embeddings", "dask", "s3", "learn")
OURS = ("dev", "docs")
"""What only those install who change the program."""
_WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The BSD 2-Clause License": "BSD-2-Clause",
}
_SPDX = {  # as their licence files say: "BSD" is the name of several
    "colorama": "BSD-3-Clause",
    "cronsim": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "jinja2-humanize-extension": "BSD-3-Clause",
    "partd": "BSD-3-Clause",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0 AND LicenseRef-PDFium-dependencies",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "s3fs": "BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "text-unidecode": "Artistic-1.0-Perl OR GPL-2.0-or-later",
    "zict": "BSD-3-Clause",
}
_HEAD = """\
# Third-party licences

Made by `make licences`. The program stands under Apache-2.0 (LICENSE). What it needs is installed beside it and is not
part of it; each stands under the licence named here, as it says itself. Nothing stands under the GPL or AGPL alone.
psycopg, for PostgreSQL, is under the LGPL-3.0: it is used as it is, and can be replaced.
"""


def needed() -> dict[str, set[str]]:
    """Package → what needs it: `core`, or extras that may be installed; of what this machine would install."""
    found: dict[str, set[str]] = {}
    for label in ("core", *EXTRAS):
        waiting, seen = [(ITSELF, frozenset({label} - {"core"}))], set()
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            name, extras = one
            for text in distribution(name).requires or []:
                wanted = Requirement(text)
                if wanted.marker is None or any(wanted.marker.evaluate({"extra": each}) for each in extras or {""}):
                    waiting.append((canonicalize_name(wanted.name), frozenset(wanted.extras)))
        for name, _ in seen:
            found.setdefault(name, set()).add(label)
    del found[ITSELF]
    return {name: {"core"} if "core" in labels else labels for name, labels in found.items()}


def licence(name: str) -> str:
    """The SPDX expression of an installed package; ends the program where it cannot be told."""
    told = distribution(name).metadata
    classifiers = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier", []) if one.startswith("License ::")]
    for words in (
        _SPDX.get(name),
        told.get("License-Expression"),
        (told.get("License") or "").partition("\n")[0],
        *classifiers,
    ):
        try:
            if words:
                return canonicalize_license_expression(_WORDS.get(words, words))
        except InvalidLicenseExpression:
            continue
    sys.exit(f"{name}: its licence cannot be told from its metadata. Look into its licence file, and add it to _SPDX.")


def refused(expression: str) -> bool:
    """Whether there is no way to use it but under the GPL or AGPL."""
    strict = [bool(re.search(r"\bA?GPL-", one)) for one in expression.split(" OR ")]
    return all(strict) or (any(strict) and "(" in expression)


def page() -> str:
    """The whole file."""
    by_label: dict[str, list[str]] = {}
    for name, labels in sorted(needed().items()):
        expression = licence(name)
        if refused(expression):
            sys.exit(f"{name} stands under {expression}: no part of this program can need it.")
        by_label.setdefault(", ".join(sorted(labels)), []).append(f"| {name} | {expression} |")
    parts = [_HEAD]
    for label in ("core", *sorted(by_label.keys() - {"core"})):
        title = "Always" if label == "core" else f"With {' or '.join(f'`[{one}]`' for one in label.split(', '))}"
        parts.append("\n".join([f"## {title}\n", "| package | SPDX |", "|---|---|", *by_label[label], ""]))
    vendored = tomllib.loads((ROOT / "templates/web/static/vendor/VENDOR.toml").read_text("utf-8"))
    rows = sorted(f"| {one['name']} | {one['license']} |" for one in vendored["package"])
    parts.append("\n".join(["## Within the review page\n", "| its files are of | SPDX |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def main() -> None:
    """Writes the file, or looks whether it has what is installed."""
    made = page()
    if "--check" not in sys.argv:
        FILE.write_text(made, "utf-8")
        return
    if lacking := set(made.splitlines()) - set(FILE.read_text("utf-8").splitlines()):
        sys.exit("THIRD-PARTY.md lacks, run `make licences`:\n" + "\n".join(sorted(lacking)))


if __name__ == "__main__":
    main()
