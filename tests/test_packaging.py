"""What gets installed: one top-level name, every file, and no other folder in its place."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # comes with pytest

ROOT = Path(__file__).parents[1]
MAPPED = {
    "genesis_sql.migrations": "migrations",
    "genesis_sql.reference_data": "reference_data",
    "genesis_sql.udfs": "udfs",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _tracked(folder: str) -> list[Path]:
    """The files of a folder that git keeps or would keep; every file but caches without git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = [ROOT / line for line in done.stdout.splitlines()] or [
        p for p in (ROOT / folder).rglob("*") if "__pycache__" not in p.parts
    ]
    return [p for p in found if p.is_file()]


def _installed() -> Iterator[tuple[Path, str]]:
    """Each file that must be installed, with its place in the wheel."""
    for path in _tracked("genesis_sql"):
        yield path, path.relative_to(ROOT).as_posix()
    for package, folder in MAPPED.items():
        for path in _tracked(folder):
            inside = path.relative_to(ROOT / folder).as_posix()
            yield path, f"{package.replace('.', '/')}/{inside}"


def test_package_list_equals_the_tree() -> None:
    tree = {place.rpartition("/")[0].replace("/", ".") for _, place in _installed()}
    assert sorted(tree) == sorted(PROJECT["tool"]["setuptools"]["packages"])
    assert PROJECT["tool"]["setuptools"]["package-dir"] == MAPPED


def test_every_package_has_an_init() -> None:
    places = {place for _, place in _installed()}
    for package in PROJECT["tool"]["setuptools"]["packages"]:
        assert f"{package.replace('.', '/')}/__init__.py" in places


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the tracked files so that no old build gets in."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    others = [ROOT / n for n in ("pyproject.toml", "LICENSE", "README.md") if (ROOT / n).exists()]
    for path in (*others, *(path for path, _ in _installed())):
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(copy)], check=True)
    return next(out.glob("*.whl"))


def test_wheel_holds_one_name_and_every_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    top = {name.split("/")[0] for name in names}
    dist_info = f"genesis_sql-{PROJECT['project']['version']}.dist-info"
    assert top == {"genesis_sql", dist_info}
    assert {n for n in names if not n.startswith(dist_info)} == {place for _, place in _installed()}


def test_a_folder_called_udfs_does_not_get_in_the_way(wheel: Path, tmp_path: Path) -> None:
    """The wheel, unpacked outside the checkout, run where other folders bear our folders' names."""
    site, here = tmp_path / "site", tmp_path / "here"
    zipfile.ZipFile(wheel).extractall(site)
    for name in MAPPED.values():
        (here / name).mkdir(parents=True)
        (here / name / "__init__.py").write_text("raise RuntimeError('not ours')")
    code = (
        "import importlib.metadata, genesis_sql\n"
        "from genesis_sql import refdata\n"
        "door, = importlib.metadata.entry_points(group='genesis_sql.udfs', name='builtin')\n"
        "print(genesis_sql.__file__, door.load().__module__, refdata.read('counties').num_rows)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=here,
        env={"PYTHONPATH": str(site), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file, module, rows = done.stdout.split()
    assert Path(file).is_relative_to(site)
    assert (module.split(".")[:2], rows) == (["genesis_sql", "udfs"], "3144")
