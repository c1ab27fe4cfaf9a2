"""Charts whose account numbers are other accounts' ids, in a real accounting system: nothing is booked on an id.

As with SKR03 in Odoo, where hundreds of four-digit numbers are no code but some account's id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kontobro.core.model.bindings import Binding
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Connector
from kontobro.erp.kit.guard import guarded
from kontobro.export import next_job
from kontobro.export.preview import preview_job
from pleo_sandbox.model import Expense
from tests.support.connected_home import a_connected_home_over
from tests.support.export_harness import SandboxClock, ports_at
from tests.support.pleo_company import a_company, a_line, an_item, entry_id


@dataclass(frozen=True)
class System:
    """A real accounting system of the test's own: `add` an account of a code and give its id, `renumber` one."""

    erp: str
    options: dict[str, str]
    secrets: dict[str, str]
    settings: Settings
    connector: Connector
    add: Callable[[str], str]
    renumber: Callable[[str, str], None]
    accounts_of: Callable[[str], set[str]]
    """The account ids of the one entry under a reference; empty when there is none."""


def named(number: int, code: str | None, identifier: str | None = None, **line: Any) -> Expense:
    account = {"id": entry_id(number), "name": "Office supplies", "code": code, "identifier": identifier}
    return Expense(an_item(number, accountingEntryLines=[a_line(10_000, account=account, **line)]))


def nothing_is_booked_on_an_id(folder: Path, system: System, tax_id: str, tag: tuple[str, str]) -> None:
    """Eight expenses: what a code, an identifier of someone else's and one of ours are booked on."""
    stranger = system.add("90001")
    meant = system.add(stranger)  # its code is the stranger's id
    lost = system.add("90002")
    system.add(f"0{lost}")  # "0420", of which Pleo has 420
    ours = system.add("90003")
    group, value_id = tag
    tax = {"id": entry_id(99), "code": tax_id, "rate": 0.25, "type": "inclusive", "amount": a_line(2000)["lineAmount"]}
    company = a_company(
        named(1, stranger),
        named(2, lost),
        named(3, stranger, stranger),
        named(4, "90001", lost),
        named(5, "90003", ours),
        named(6, "90004", "123456789"),
        named(7, "90001", tax=tax),
        named(8, "90001", tags=[{"id": entry_id(98), "code": value_id, "groupCode": group}]),
    )
    bindings = [
        Binding("accounts", ours, entry_id(50), "created", "90003"),
        Binding("accounts", "123456789", entry_id(51), "created", "90004"),
    ]
    over = a_connected_home_over(folder, company, system.settings, system.erp, system.options, system.secrets)
    with over as connected, ports_at(connected, SandboxClock(connected.sandbox), guarded(system.connector)) as harness:
        harness.store.bind(harness.connection.id, bindings)
        system.renumber(ours, "90005")
        system.add("90003")  # another account has the code that ours was given to Pleo with
        system.add("90004")
        job = next_job(harness.ports)
        assert job is not None
        looked = preview_job(harness.connection, job, harness.ports)
        held = {one.item.entry_id: one.problems for one in looked}
        assert {id for id, problems in held.items() if problems} == {entry_id(n) for n in (2, 6, 7, 8)}, held
        refused = harness.export()
        assert (refused.booked, refused.failed) == (4, 4), refused
        booked = {1: meant, 3: meant, 4: stranger, 5: ours}
        for number in range(1, 9):
            accounts = system.accounts_of(entry_id(number))
            expected = {booked[number]} if number in booked else set()
            assert {one for one in accounts if one in {stranger, meant, lost, ours}} == expected, number
        assert harness.failure(entry_id(2))[0] == "account_unknown"
        for said in ("Office supplies", "123456789", "90004"):
            assert said in harness.failure(entry_id(6))[1]
        assert harness.failure(entry_id(7))[0] == "tax_code_unknown"
        assert harness.failure(entry_id(8))[0] == "tag_unknown"
        stored = harness.connection.settings
        for contra in (lost, f" {lost}"):
            harness.again(entry_id(2))
            harness.connection = replace(harness.connection, settings=replace(stored, contra=contra, posting="draft"))
            stopped = harness.export()
            assert stopped.failure is not None
            assert f"{lost} is not a code" in stopped.failure
