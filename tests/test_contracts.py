"""The architecture as tests: who may know whom, and that nothing speaks of the machine it was made on."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    if not names:  # an unpacked release has no history
        names = [str(path.relative_to(ROOT)) for path in ROOT.glob("pipeline/**/*.py")]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_the_import_contracts_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "11 kept, 0 broken" in result.stdout


def test_the_seeds_are_the_given_five():
    assert sorted(path.name for path in (ROOT / "seeds").iterdir()) == [
        "000_3147b98632fa2944.txt",
        "001_5a80ae35308c779a.txt",
        "002_1a27667c9e0f92e4.txt",
        "003_885bb48bbbd89533.txt",
        "004_e613bf967ea5d64c.txt",
    ]


@pytest.mark.parametrize("word", ["py" + "pi.org", "pythonho" + "sted", "npmjs" + ".", "deb.deb" + "ian.org"])
def test_no_file_names_a_registry(word):
    found = [path for path in _tracked() if word.encode() in path.read_bytes()]
    assert found == []


def test_the_pinned_constraints_carry_hashes_and_no_addresses():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert any(line.startswith("prefect==3.8.8") for line in lines)
    assert not any("://" in line for line in lines)
    pins = [line for line in lines if "==" in line]
    assert all(line.rstrip().endswith("\\") for line in pins)


def test_what_is_built_brings_all_that_it_needs(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", tmp_path], cwd=ROOT, check=True, capture_output=True
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        brought = set(wheel.namelist())
    wanted = {
        f"pipeline/share/{path.relative_to(ROOT)}"
        for folder in ("config", "templates", "seeds")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    } | {str(path.relative_to(ROOT)) for path in _tracked() if path.is_relative_to(ROOT / "pipeline")}
    assert wanted <= brought
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as unpacked:
        brought = {name.partition("/")[2] for name in unpacked.getnames()}
    for name in ("Makefile", "constraints.txt", ".ci/run", ".ci/system", "tests/conftest.py", "config/sources.yaml"):
        assert name in brought, name
