"""A connection whose address answers with another database of the same kind: ids that were given are not followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontobro.core.model.bindings import Binding
from kontobro.core.model.export import AccountRef
from kontobro.core.model.findings import Findings
from kontobro.core.model.masterdata import Account, Company
from kontobro.core.rules.accounts import account_named
from kontobro.export.job.masters import masters_for
from kontobro.store import open_store
from kontobro.testing.connector.memory import MemoryConnector
from tests.support.store_contract.case import HERE, connection

COMPANY = Company("1", "Fjord & Bro ApS", "DKK")
"""Number 1, as the first company of every database."""


def a_chart(codes: dict[int, str]) -> MemoryConnector:
    return MemoryConnector([COMPANY, *(Account(str(id), code, "") for id, code in codes.items())])


@pytest.mark.parametrize(("shift", "booked"), [(0, "7"), (1, None)])
def test_ids_that_we_gave_are_followed_at_home_only(tmp_path: Path, shift: int, booked: str | None) -> None:
    """Elsewhere account 7 is another one: the expense of the category fails, and says to sync."""
    store = open_store(tmp_path / "kontobro.sqlite3")
    store.save_connection(connection())
    given = [Binding("accounts", str(id), f"pleo-{id}", "created", f"{4000 + id}") for id in range(1, 41)]
    store.bind(HERE, given)
    there = a_chart({id: f"{4000 + id + shift}" for id in range(1, 41)})
    masters, findings = masters_for(connection(), there, COMPANY, store), Findings()
    ref = AccountRef("pleo-7", "Office supplies", "4007", "7")
    found = account_named(ref, "account", "DKK", "Check it.", masters, findings)
    assert found == booked
    assert [one.code for one in findings.problems] == ([] if booked else ["account_unknown"])
    assert all("Sync the accounts" in one.remedy for one in findings.problems)
