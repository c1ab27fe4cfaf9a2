"""The module's own tests, in Tryton's own environment: connector and store contracts, Tryton's checks of a module."""

from __future__ import annotations

import re

import pytest

from tests.addons.tryton.installation import Place

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("suite", "least"), [("connector", 70), ("store", 160), ("oauth", 13), ("module", 20), ("words", 4), ("connect", 6)]
)
def test_suite_inside_tryton(place: Place, database: str, suite: str, least: int) -> None:
    assert_suite(place, database, suite, least)


def assert_suite(place: Place, database: str, suite: str, least: int) -> None:
    """All of it passes, and that many tests at least."""
    ran = place.pytest(database, f"tests/test_{suite}.py")
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed
    assert int(passed[1]) >= least
