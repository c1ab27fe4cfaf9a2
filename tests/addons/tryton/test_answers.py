"""What Pleo's documents leave open, told to the module by a file in Tryton's own data folder."""

from __future__ import annotations

import re
from copy import copy
from pathlib import Path

import pytest

from erp_lab.places import running
from kontobro.erp.kit.http import Refused
from pleo_sandbox.server import demo_sandbox, serve
from tests.addons.answers import BROKEN, HEEDED, LEFT, SOME, a_few, write_answers
from tests.addons.tryton.harness import TrytonHarness
from tests.addons.tryton.installation import ModuleServer, Person, Place, give_groups

EXPENSE, WALLET = "99999", "6490"
"""Of Tryton's own chart."""

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]


def with_own_data(place: Place, folder: Path) -> Place:
    """The same Tryton with a data folder that no other process reads."""
    own = copy(place)
    own.conf = folder / "trytond.conf"
    own.conf.write_text(re.sub(r"(?m)^path = .*$", f"path = {folder}", place.conf.read_text()))
    return own


def set_up(harness: TrytonHarness, on: tuple[str, int]) -> None:
    """The least that an export needs, of what Tryton's own chart has."""
    find = harness.admin.id_of
    wallet = {"currency": find("currency.currency", "DKK"), "account": find("account.account", WALLET)}
    least = {"wallets": [wallet], "journal": find("account.journal", "MISC"), "posting": "posted"}
    harness.bookkeeper.wizard("kontobro.settings", ("save", {"start": {**harness.shown(), **least}}), on=on)


def test_an_answer_in_the_file_is_heeded_and_a_broken_file_is_told(place: Place, database: str, tmp_path: Path) -> None:
    with running(ModuleServer(with_own_data(place, tmp_path), database)) as server:
        admin, bookkeeper = (Person(server.url, database, login) for login in ("admin", "bookkeeper"))
        give_groups(admin, {"bookkeeper": ["Pleo Administration"]})
        sandbox = demo_sandbox()
        sandbox.set_rules(dict(HEEDED))
        with serve(sandbox) as url:
            harness = TrytonHarness(admin, bookkeeper, sandbox, url)
            harness.connect()
            on = ("kontobro.connection", harness.connection["id"])
            set_up(harness, on)
            a_few(sandbox, EXPENSE, WALLET)
            for content, told in BROKEN.items():
                write_answers(tmp_path, content)
                with pytest.raises(Refused, match=told):
                    bookkeeper.wizard("kontobro.check", on=on)
            bookkeeper.api.write("model.kontobro.connection.export_now", [on[1]])
            assert re.search(told, harness.connection["last_fault"])
            assert (str(sandbox.jobs[-1].status), harness.entry_counts()["entries"]) == ("pending", 0)

            write_answers(tmp_path, HEEDED)
            bookkeeper.api.write("model.kontobro.connection.export_now", [on[1]])
            assert harness.connection["last_fault"] == ""
            assert [str(job.status) for job in sandbox.jobs] == ["completed"]
            assert harness.entry_counts()["entries"] == SOME

            sandbox.revoke_token(sandbox.api_key)
            with pytest.raises(Refused, match=LEFT):
                bookkeeper.api.write("model.kontobro.connection.disconnect", [on[1]])
            assert harness.connection["status"] == "disconnected"
