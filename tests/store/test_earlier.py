"""Desks that earlier releases left behind, as these wrote them: brought to today's schema, and whole.

`tests/earlier` has backups of desks, named for their schemas: filled by the commands of that day's release, with one
issue out and one draft, and saved by `bulletin db backup`, which reads every schema.
"""

import datetime as dt
from pathlib import Path

import pytest

from offices import SERIES, workspace
from pipeline.desk import Proof, bring_back, now, open_desk, verify_all
from pipeline.model import BEIJING, State

EARLIER = sorted(path.name for path in (Path(__file__).parent.parent / "earlier").glob("0*"))
NOW = dt.datetime(2024, 9, 2, 9, 0, tzinfo=BEIJING)


@pytest.mark.parametrize("schema", EARLIER)
def test_a_desk_that_an_earlier_release_filled_is_brought_up_to_date_and_proven(tmp_path, new_place, schema):
    folder, place = tmp_path / "office", new_place("TEMPLATE template0")
    workspace(folder, place if isinstance(place, str) else "")
    done = bring_back(folder, Path(__file__).parent.parent / "earlier" / schema, "管理员", NOW)
    assert done.backup.manifest.schema == schema
    assert [one for one in done.verified if one.proof is Proof.DAMAGED] == []
    with open_desk(folder, clock=now) as desk:
        june, july = desk.issues.all(SERIES)
        assert [(june.number, june.state), (july.number, july.state)] == [(535, State.RELEASED), (536, State.DRAFT)]
        (release,) = desk.issues.released(SERIES)
        assert [item.url for item in release.issue.items] == ["https://news.bjd.com.cn/2024/06/12/a.shtml"]
        assert desk.tally(july).leads == 1
    assert [one for one in verify_all(folder) if one.proof is Proof.DAMAGED] == []
