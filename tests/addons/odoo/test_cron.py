"""The demo company's job, end to end, from Odoo's own cron; killed in the middle; taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erp_lab.demo import sandbox_by_codes
from erp_lab.demo_odoo import entry_counts
from erp_lab.places import running, sql
from kontobro.erp.kit.http import Refused
from pleo_sandbox.demo.company import SECOND_BATCH
from pleo_sandbox.server import serve
from tests.addons.odoo.administrator import Administrator, wait_until
from tests.addons.odoo.installation import AddonServer, configuration, odoo
from tests.erp_real.odoo.installation import Company

pytestmark = pytest.mark.addon

WHOLE = {"entries": 113, "duplicates": 0, "drafts": 0, "receipts": 59}
"""What is in Odoo after the demo's first export."""

BOTH = {"entries": 120, "duplicates": 0, "drafts": 0, "receipts": 61}
"""And after its second: the same as over the API (tests/erp_real/odoo/test_demo.py)."""


@pytest.fixture
def server(home: Path, database: str, tmp_path: Path) -> Iterator[AddonServer]:
    with running(AddonServer(configuration(home, cron_threads=1), database, tmp_path / "server.log")) as server:
        yield server


@pytest.fixture
def admin(server: AddonServer, database: str) -> Administrator:
    admin = Administrator(Company(server.url, database))
    admin.become_manager()
    return admin


def is_finished(admin: Administrator, jobs: int = 1) -> bool:
    return sum(bool(job["finished_at"]) for job in admin.jobs()) == jobs


def test_the_demos_job_end_to_end_from_its_own_cron(admin: Administrator, server: AddonServer) -> None:
    settings = admin.furnish_demo()
    sandbox = sandbox_by_codes()
    with serve(sandbox) as url:
        number = admin.connect(url, sandbox.api_key, {"wallet": settings["wallets"]["DKK"]})
        look_at_cards_alone(admin, number)
        admin.apply(number, settings)
        assert admin.press(number, "action_check")["params"]["type"] == "success"
        admin.press(number, "action_export_now")
        wait_until(lambda: is_finished(admin), lambda: server.log.read_text()[-3000:])
        assert entry_counts(admin.api) == WHOLE
        sandbox.press_export(sandbox.company_id, ids=SECOND_BATCH)
        admin.press(number, "action_export_now")
        wait_until(lambda: is_finished(admin, 2), lambda: server.log.read_text()[-3000:])
        wait_until(lambda: admin.connection(number, "last_run_at")["last_run_at"])
        look_at_news(admin, number, server)
    assert entry_counts(admin.api) == BOTH
    problems = list(admin.api.rows("kontobro.booking", [["outcome", "=", "failed"]], ["told", "payee", "move_id"]))
    assert len(problems) == sum(job["failed"] for job in admin.jobs()) == 9
    assert all(row["told"] for row in problems)
    look_at_problems_in_danish(admin, problems)
    booked = list(admin.api.rows("kontobro.booking", [["outcome", "=", "booked"]], ["move_id"]))
    assert len(booked) == BOTH["entries"]
    assert all(row["move_id"] for row in booked)
    row = admin.connection(number, "last_fault", "status")
    assert (row["last_fault"], row["status"]) == (False, "connected")


def look_at_news(admin: Administrator, number: int, server: AddonServer) -> None:
    """What of Pleo's answers is not as documented: in the log once, though the job was read by several runs, and told
    by the check."""
    news = "Expenses of the unknown type balance_amendment"
    assert server.log.read_text().count(f"pleo differs from its documents: {news}") == 1
    told = admin.press(number, "action_check")["params"]
    assert told["type"] == "warning"
    assert news in told["message"]


def look_at_cards_alone(admin: Administrator, number: int) -> None:
    """A wallet is enough, and the check says which types would fail; without one it says so too."""
    told = admin.press(number, "action_check")["params"]
    assert (told["type"], told["sticky"]) == ("warning", True)
    for types in ("Invoice, Invoice payment", "External reimbursement, Wallet top-up, Wallet unload", "Mileage"):
        assert types in told["message"]
    admin.apply(number, {})
    with pytest.raises(Refused, match=r"(?s)Pleo wallet missing.*employees paid themselves.*These types would fail"):
        admin.press(number, "action_check")


def look_at_problems_in_danish(admin: Administrator, english: list[dict[str, Any]]) -> None:
    """What Pleo is told is English; who reads Danish is told in Danish."""
    (danish,) = admin.api.read("res.lang", "search", domain=[["code", "=", "da_DK"]], context={"active_test": False})
    admin.api.write("res.lang", "write", ids=[danish], vals={"active": True})
    failed = [["outcome", "=", "failed"]]
    told = {row["id"]: row["told"] for row in admin.api.rows("kontobro.booking", failed, ["told"], lang="da_DK")}
    assert all(told[row["id"]] != row["told"] for row in english)
    assert "eksportér udgiften igen" in "\n".join(told.values())
    assert "export it again" not in "\n".join(told.values())


def test_a_person_checks_again_and_approves_what_changes_in_pleo(admin: Administrator, server: AddonServer) -> None:
    settings = {**admin.furnish_demo(), "sync": ["dimensions"], "sync_dimensions": ["PROJECT"]}
    sandbox = sandbox_by_codes()
    with serve(sandbox) as url:
        number = admin.connect(url, sandbox.api_key, settings)
        admin.press(number, "action_export_now")
        wait_until(lambda: is_finished(admin), lambda: server.log.read_text()[-3000:])
        (job,) = admin.jobs()
        told = admin.api.write("kontobro.job", "action_check_again", ids=[job["id"]])["params"]["message"]
        assert len(told.splitlines()) == job["failed"]
        assert "closed_period" in told
        ((_, _, plans),) = admin.press(number, "action_plan_sync")["domain"]
        assert admin.api.read("kontobro.sync.plan", "read", ids=plans, fields=["line_ids"])[0]["line_ids"]
        told = admin.api.write("kontobro.sync.plan", "action_approve", ids=plans)["params"]["message"]
        assert "created" in told
        assert " 0 created" not in told
        with pytest.raises(Refused, match="differs"):
            admin.api.write("kontobro.sync.plan", "action_approve", ids=plans)


@pytest.mark.kill
@pytest.mark.parametrize("moment", [1, 60])
def test_killed_in_the_middle_of_a_job_and_started_again(
    admin: Administrator, server: AddonServer, postgres: int, database: str, moment: int
) -> None:
    """SIGKILL once so many entries exist; started again, its cron finishes the job: everything once."""
    settings = admin.furnish_demo()
    sandbox = sandbox_by_codes()
    count = "select count(*) from account_move where kontobro_reference is not null"
    with serve(sandbox) as url:
        number = admin.connect(url, sandbox.api_key, settings)
        admin.press(number, "action_export_now")
        wait_until(lambda: int(sql(postgres, count, database)) >= moment, lambda: server.log.read_text()[-3000:])
        server.kill()
        assert not sql(postgres, "select 1 from kontobro_job where finished_at is not null", database)
        server.start()
        admin.press(number, "action_export_now")
        wait_until(lambda: is_finished(admin), lambda: server.log.read_text()[-3000:])
    assert entry_counts(admin.api) == WHOLE
    statuses = [str(job.status) for job in sandbox.jobs]
    assert statuses == ["completed_with_errors"]


def test_an_unreachable_pleo_is_noted_and_nothing_waits_for_it(admin: Administrator, server: AddonServer) -> None:
    sandbox = sandbox_by_codes()
    with serve(sandbox) as url:
        number = admin.connect(url, sandbox.api_key, admin.furnish_demo())
    admin.press(number, "action_export_now")
    wait_until(
        lambda: bool(admin.connection(number, "last_fault")["last_fault"]), lambda: server.log.read_text()[-3000:]
    )
    row = admin.connection(number, "last_fault", "last_fault_code", "fault_told")
    assert "Pleo" in row["fault_told"] == row["last_fault"]
    assert row["last_fault_code"] == "job.service_unreachable"


def test_taken_away_the_books_stay_whole(
    admin: Administrator, server: AddonServer, home: Path, database: str, postgres: int
) -> None:
    settings = admin.furnish_demo()
    sandbox = sandbox_by_codes()
    with serve(sandbox) as url:
        number = admin.connect(url, sandbox.api_key, settings)
        admin.press(number, "action_export_now")
        wait_until(lambda: is_finished(admin), lambda: server.log.read_text()[-3000:])
    before = entry_counts(admin.api)
    server.stop()
    script = "env['ir.module.module'].search([('name', '=', 'kontobro_odoo')]).button_immediate_uninstall()\n"
    odoo(configuration(home), "shell", "-d", database, "--log-level", "warn", stdin=script)
    assert not sql(postgres, "select 1 from pg_class where relname like 'kontobro%'", database)
    assert not sql(postgres, "select 1 from pg_proc where proname like 'kontobro%'", database)
    server.start()
    assert entry_counts(admin.api) == before == WHOLE
