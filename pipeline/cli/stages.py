"""The steps of a run by themselves, on files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import completing
from pipeline.cli.app import app
from pipeline.cli.speech import json_lines, out
from pipeline.cli.workspace import loose_configuration


@app.command()
def extract(
    targets: Annotated[list[str], typer.Argument(help="Files or addresses.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> None:
    """Read pages into articles, one line each."""
    from pipeline.rows import extracted

    for row in extracted(targets, loose_configuration()):
        if as_json:
            out(json.dumps(row, ensure_ascii=False))
        else:
            out("\n".join(f"{key}: {value}" for key, value in row.items() if key not in ("blocks", "evidence")) + "\n")


@app.command()
def cluster(
    file: Annotated[Path, typer.Argument(help='JSON lines with "id", "title", "text", "date".')],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> None:
    """Group documents into stories.

    Reprints and tellings of one event come together.
    """
    from pipeline.rows import clustered

    for row in clustered(list(json_lines(file, "id", "title", "text"))):
        out(json.dumps(row, ensure_ascii=False) if as_json else f"{row['cluster']}\t{row['id']}\t{row['relation']}")


@app.command()
def rate(
    file: Annotated[Path, typer.Argument(help='JSON lines with "title", "text".')],
    series: Annotated[
        str, typer.Option("--series", help="Whose scope: its id in series.yaml.", autocompletion=completing.series_ids)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> None:
    """Rate texts against a series' scope."""
    from pipeline.rows import rated

    for row in rated(json_lines(file, "title", "text"), loose_configuration(), series):
        told = "；".join(row["because"])
        out(json.dumps(row, ensure_ascii=False) if as_json else f"{row['score']:.2f}\t{row['verdict']}\t{told}")
