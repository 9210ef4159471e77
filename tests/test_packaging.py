"""What is handed over: wheel and sdist, the service, the licences of what comes along."""

import configparser
import runpy
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from pipeline.cli import clock

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
UNIT = ROOT / "deploy" / "bulletin.service"
LICENCES = runpy.run_path(str(ROOT / ".ci" / "licences.py"))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel of the tree, the sdist, and the wheel of the unpacked sdist, all of one moment."""
    folder = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOURCE_DATE_EPOCH", "1718236800")
        (sdist,) = SdistBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
        with tarfile.open(sdist) as packed:
            packed.extractall(folder / "source", filter="data")
        (source,) = (folder / "source").iterdir()
        wheels = [
            next(WheelBuilder(str(tree)).build(directory=str(folder / name), versions=["standard"]))
            for tree, name in ((ROOT, "here"), (source, "there"))
        ]
    return Path(wheels[0]), Path(sdist), Path(wheels[1])


def _files(folder: Path, within: str) -> set[str]:
    return {
        f"{within}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_wheel_has_all_that_the_program_reads_and_nothing_beside_it(built):
    wheel, _, _ = built
    with zipfile.ZipFile(wheel) as packed:
        names = {one for one in packed.namelist() if ".dist-info/" not in one}
    wanted = _files(ROOT / "pipeline", "pipeline")
    for folder in ("config", "templates", "seeds"):  # the demo's outlets have the seeds' articles
        wanted |= _files(ROOT / folder, f"pipeline/share/{folder}")
    assert names == wanted
    assert {
        "pipeline/share/config/settings.yaml",
        "pipeline/share/templates/gongwen.docx",
        "pipeline/share/templates/web/static/vendor/VENDOR.toml",
        "pipeline/store/migrations/env.py",
        "pipeline/steps/rate/rate.json",
    } <= names


def test_a_wheel_brings_the_command_its_licence_and_the_one_number_of_the_release(built, bulletin):
    wheel, _, _ = built
    with zipfile.ZipFile(wheel) as packed:
        about = f"bulletin_desk-{PROJECT['version']}.dist-info"
        assert "bulletin = pipeline.cli:main" in packed.read(f"{about}/entry_points.txt").decode()
        assert f"\nVersion: {PROJECT['version']}\n" in packed.read(f"{about}/METADATA").decode()
        assert packed.read(f"{about}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert bulletin("--version")[:2] == (0, f"bulletin-desk {PROJECT['version']}\n")


def test_the_sdist_gives_the_wheel_again_byte_for_byte(built):
    wheel, sdist, again = built
    assert again.read_bytes() == wheel.read_bytes()
    with tarfile.open(sdist) as packed:
        top = {name.split("/")[1] for name in packed.getnames()}
    assert {"tests", "drills", "constraints.txt", "Makefile", ".ci", "deploy", "docs"} <= top, "it can be tested"


def test_the_list_of_licences_names_every_package_that_is_installed_with_the_program():
    kept = (ROOT / "THIRD-PARTY.md").read_text("utf-8").splitlines()
    assert sorted(set(LICENCES["page"]().splitlines()) - set(kept)) == [], "make licences"


def test_every_extra_but_the_developers_is_in_the_list_of_licences():
    assert {*LICENCES["EXTRAS"], *LICENCES["OURS"]} == PROJECT["optional-dependencies"].keys()


@pytest.mark.parametrize(
    ("expression", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0-only", True),
        ("MIT AND GPL-2.0-only", True),
        ("GPL-2.0-only OR AGPL-3.0-only", True),
        ("MIT AND (GPL-2.0-only OR Apache-2.0)", True),  # for a person to look at
        ("Artistic-1.0-Perl OR GPL-2.0-or-later", False),
        ("LGPL-3.0-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", False),
    ],
)
def test_what_can_only_be_had_under_the_gpl_is_refused(expression, refused):
    assert LICENCES["refused"](expression) == refused


def _service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(delimiters="=", interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(UNIT, "utf-8")
    return unit["Service"]


def test_the_service_may_write_where_the_desk_is_and_nowhere_else():
    service = _service()
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == f"/var/lib/{service['StateDirectory']}"
    assert service["WorkingDirectory"].startswith(service["ReadWritePaths"])
    assert (service["NoNewPrivileges"], service["CapabilityBoundingSet"]) == ("yes", "")
    assert service["User"] not in ("", "root")


def test_the_service_is_given_the_time_it_takes_to_stop_and_is_not_restarted_over_a_wrong_configuration():
    service = _service()
    assert int(service["TimeoutStopSec"]) > 2 * clock._STOP_SECONDS
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")
