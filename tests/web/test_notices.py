"""Which notices ended work leads to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kontobro.core.errors import Busy, KontobroError, LoginFailed, NotUsable, Taken
from kontobro.core.model.settings import Settings
from kontobro.core.words import told
from kontobro.pleo.http.faults import login_failed
from kontobro.web.organisation.notices import notices_of
from tests.support.store_contract.case import connection

EXPIRES = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
WAITS = NotUsable("No wallet account is set.", "Set it.", "job-1", EXPIRES)


@pytest.mark.parametrize(
    ("fault", "causes"),
    [
        (Taken("Another installation has it."), ["second_installation"]),
        (Busy("Another run of this installation has it."), []),
        (login_failed(told("pleo_credential_missing")), ["reconnect"]),
        (LoginFailed("The accounting system refused."), []),
        (WAITS, ["not_usable"]),
        (None, []),
    ],
)
def test_a_fault_and_what_is_told_of_it(fault: KontobroError | None, causes: list[str]) -> None:
    assert [notice.cause for notice in notices_of(connection("c1"), [], fault)] == causes


def test_what_waits_is_told_with_its_time_in_the_companys_zone() -> None:
    mine = connection("c1", settings=Settings(time_zone="Europe/Copenhagen"))
    (notice,) = notices_of(mine, [], WAITS)
    assert (notice.about, notice.path) == ("job-1", "/c/c1/settings/")
    assert "Set it before 2026-07-01 14:30 CEST" in notice.text
