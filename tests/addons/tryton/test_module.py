"""The module's own tests, in Tryton's own environment: connector and store contracts, Tryton's checks of a module."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.addons.tryton.house import MODULE, Place

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]


@pytest.mark.parametrize(("suite", "least"), [("connector", 65), ("store", 160), ("module", 20)])
def test_suite_inside_tryton(place: Place, database: str, suite: str, least: int) -> None:
    ran = place.pytest(database, f"tests/test_{suite}.py")
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed
    assert int(passed[1]) >= least


def test_the_package_brings_all_that_tryton_reads(place: Place) -> None:
    target = place.folder / "package"
    pip = [str(place.bin / "python"), "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation"]
    copy = place.folder / "source"
    subprocess.run(["cp", "-r", str(MODULE), str(copy)], check=True, timeout=60)
    subprocess.run([*pip, "--target", str(target), str(copy)], check=True, capture_output=True, timeout=120)
    brought = {str(file.relative_to(target / "trytond_kontobro")) for file in (target / "trytond_kontobro").rglob("*")}
    read = {"tryton.cfg", *(str(file.relative_to(MODULE)) for file in MODULE.glob("*.xml"))}
    read |= {str(file.relative_to(MODULE)) for folder in ("view", "locale") for file in (MODULE / folder).iterdir()}
    assert read <= brought
    (points,) = target.glob("*.dist-info/entry_points.txt")
    assert "kontobro = trytond_kontobro" in points.read_text()
