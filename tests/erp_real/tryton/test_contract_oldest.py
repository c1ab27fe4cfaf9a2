"""The connector keeps the contract on the oldest Tryton that it works with, too."""

from __future__ import annotations

import pytest

from tests.erp_real.tryton.installation import OLDEST, Company
from tests.erp_real.tryton.test_contract import TestTryton

pytestmark = pytest.mark.tryton

__all__ = ["TestTryton"]


@pytest.fixture(scope="module")
def series() -> str:
    return OLDEST


def test_it_is_the_oldest(company: Company) -> None:
    assert company.api().version().startswith(OLDEST)
