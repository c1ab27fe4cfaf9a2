"""The demo company's job, end to end: connected and set up through Tryton's screens, exported by Tryton's own cron."""

from __future__ import annotations

import pytest

from tests.addons.tryton.house import Person, Place, kill, wait_for
from tests.addons.tryton.office import an_office

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]


def test_trytons_own_cron_exports_the_demo_companys_job(
    place: Place, database: str, admin: Person, bookkeeper: Person
) -> None:
    with an_office(admin, bookkeeper) as office:
        office.connect()
        office.set_up()
        place.cron_once(database)
        (job,) = bookkeeper.rows("kontobro.job", "status", "items", "booked", "failed", "failure")
        print(job, office.outcomes(), office.standing(), office.connection)
        assert job["status"] == "completed_with_errors"
        assert office.standing()["duplicates"] == 0
