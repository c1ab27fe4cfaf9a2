"""Connecting: everything is looked at first, and nothing is stored or activated when a look fails."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kontobro.core.errors import LoginFailed, Unreachable
from kontobro.core.level import level_of, scopes_of
from kontobro.core.model.export import Identity, Installation
from kontobro.core.model.masterdata import Account, Company, Dimension, DimensionValue, TaxCode, Vendor
from tests.cli.fakes import COMPANY, KEY, SCOPES, Bench


def test_connects_and_shows_both_companies(bench: Bench) -> None:
    result = bench.connect()
    assert result.exit_code == 0, result.output
    assert "Fjord & Bro ApS (Pleo) is connected with Fjord & Bro (beancount)" in result.stdout
    (connection,) = bench.connections()
    assert (connection.company_id, connection.erp_company, connection.status) == (COMPANY, "books", "connected")
    assert connection.name == "Fjord & Bro ApS"
    assert connection.erp_options["ledger"].startswith("/"), "a relative ledger would be another one for cron"
    assert bench.pleo.installed is not None
    tokens = bench.tokens(connection)
    assert tokens is not None
    assert tokens.access == KEY


def test_json_has_the_documented_keys_and_no_key(bench: Bench) -> None:
    result = bench.connect("--json")
    assert list(json.loads(result.stdout)) == (
        (
            "id name status environment auth company_id company_name erp erp_company erp_company_name trial scopes "
            "level installation"
        ).split()
    )
    assert KEY not in result.output


def test_the_key_is_read_from_stdin(bench: Bench) -> None:
    result = bench.run("connect", "--ledger", "b", "--api-key-stdin", stdin=f"{KEY}\n")
    assert result.exit_code == 0, result.output
    tokens = bench.tokens(bench.connections()[0])
    assert tokens is not None
    assert tokens.access == KEY


def test_the_key_is_asked_without_echo(bench: Bench) -> None:
    result = bench.run("connect", "--ledger", "b", stdin=f"{KEY}\n")
    assert result.exit_code == 0, result.output
    assert "Pleo API key" in result.stderr
    assert KEY not in result.output


def test_the_key_is_no_option(bench: Bench) -> None:
    result = bench.run("connect", "--api-key", KEY)
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"fault": LoginFailed("Pleo refuses the key.", "Make a new one.")}, 3, "Make a new one."),
        ({"fault": Unreachable("Pleo does not answer.", "Try later.")}, 4, "Try later."),
        ({"identity": Identity("API_KEY", frozenset({"export-jobs:read"}), f"urn:pleo:company:{COMPANY}")}, 3,
         "export-items:read, export-jobs:write"),
        ({"identity": Identity("API_KEY", SCOPES, "urn:pleo:organisation:1")}, 3, "--company ID"),
        ({"answer": Installation("i", "ERROR", f"urn:pleo:company:{COMPANY}", "NOT_ENTITLED")}, 3, "NOT_ENTITLED"),
        ({"answer": Installation("i", "ACTIVATED", "urn:pleo:company:another")}, 3, "urn:pleo:company:another"),
    ],
)  # fmt: skip
def test_a_look_that_fails_stores_nothing(bench: Bench, change: dict[str, object], code: int, said: str) -> None:
    for name, value in change.items():
        setattr(bench.pleo, name, value)
    result = bench.connect()
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert bench.connections() == []
    assert "Traceback" not in result.output


def test_an_accounting_system_that_fails_keeps_pleo_inactive(bench: Bench) -> None:
    bench.erp.fault = Unreachable("The ledger can't be read.", "See that it is there.")
    result = bench.connect()
    assert result.exit_code == 4
    assert bench.pleo.installed is None
    assert bench.connections() == []


def test_a_company_that_is_not_the_credentials_is_refused(bench: Bench) -> None:
    result = bench.connect("--company", "another")
    assert result.exit_code == 3
    assert f"belongs to Pleo company {COMPANY}, not to another" in result.stderr


def test_connecting_again_keeps_id_and_settings(bench: Bench) -> None:
    bench.connect()
    bench.run("settings", "set", "retention_days", "7", "--offline")
    before = bench.connections()[0]
    result = bench.connect()
    assert "Connected again" in result.stdout
    (after,) = bench.connections()
    assert (after.id, after.settings) == (before.id, before.settings)
    assert after.settings.retention_days == 7


def test_a_company_goes_to_one_company_only(bench: Bench) -> None:
    bench.connect()
    bench.erp.company = Company("other-books", "Other", "DKK")
    result = bench.connect()
    assert result.exit_code == 3
    assert "Fjord & Bro ApS is already connected to beancount (Fjord & Bro)" in result.stderr
    assert [one.erp_company for one in bench.connections()] == ["books"]


def test_a_company_moves_to_other_books_and_its_first_connection_ends(bench: Bench) -> None:
    bench.connect()
    bench.erp.company = Company("other-books", "Fjord & Bro ApS", "DKK")
    assert bench.connect("--move").exit_code == 0
    found = {one.erp_company: one.status for one in bench.connections()}
    assert found == {"books": "disconnected", "other-books": "connected"}


def test_books_of_another_name_are_confirmed_or_refused(bench: Bench) -> None:
    bench.erp.company = Company("other-books", "Bäckerei Schröder", "DKK")
    result = bench.connect()
    assert result.exit_code == 3
    assert "Bäckerei Schröder" in result.stderr
    assert "--same-company" in result.stderr
    assert not bench.connections()
    assert bench.connect("--same-company").exit_code == 0
    assert bench.connections()[0].books_name == "Bäckerei Schröder"
    assert bench.connect().exit_code == 0  # connected again, and not asked a second time


def test_a_trial_is_beside_the_real_connection(bench: Bench) -> None:
    bench.connect()
    bench.erp.company = Company("test", "Fjord & Bro Test", "DKK")
    result = bench.connect("--trial")
    assert result.exit_code == 0
    assert "This is a trial" in result.stdout
    assert [one.trial for one in sorted(bench.connections(), key=lambda one: one.trial)] == [False, True]


ALL = frozenset(scopes_of(4))


def supplied(bench: Bench, *kinds: type) -> None:
    bench.erp.capabilities = replace(bench.erp.capabilities, kinds=frozenset({Company, *kinds}))


@pytest.mark.parametrize(
    ("kinds", "scopes", "level", "installation"),
    [
        ((Account,), ALL, 1, "ACTIVATED"),
        ((Dimension, DimensionValue), ALL, 2, "PENDING_INTEGRATION"),
        ((Dimension, DimensionValue), SCOPES, 1, "ACTIVATED"),
        ((Dimension, DimensionValue), frozenset(), 2, "PENDING_INTEGRATION"),
        ((Dimension, DimensionValue, TaxCode), ALL, 2, "PENDING_INTEGRATION"),
        ((Dimension, DimensionValue, TaxCode, Account), ALL, 3, "PENDING_INTEGRATION"),
        ((Dimension, DimensionValue, TaxCode, Account, Vendor), ALL, 4, "PENDING_INTEGRATION"),
        ((Dimension, DimensionValue, TaxCode, Account, Vendor), ALL - {"vendors:write"}, 3, "PENDING_INTEGRATION"),
        ((Dimension, DimensionValue), SCOPES | {"tag-group:read", "tag-group:write"}, 2, "PENDING_INTEGRATION"),
    ],
)
def test_the_level_is_the_highest_that_both_sides_allow(
    bench: Bench, kinds: tuple[type, ...], scopes: frozenset[str], level: int, installation: str
) -> None:
    supplied(bench, *kinds)
    bench.pleo.identity = replace(bench.pleo.identity, scopes=scopes)
    told = json.loads(bench.connect("--json").stdout)
    assert (told["level"], told["installation"]) == (level, installation)
    (connection,) = bench.connections()
    assert level_of(connection.settings) == level


def test_a_level_that_the_credential_can_not_do_is_refused(bench: Bench) -> None:
    supplied(bench, Dimension, DimensionValue)
    result = bench.connect("--level", "2")
    assert result.exit_code == 3
    assert "tag-groups:read, tag-groups:write" in result.stderr
    assert bench.connections() == []
    assert bench.pleo.installed is None


def test_a_level_that_the_accounting_system_can_not_do_is_refused(bench: Bench) -> None:
    result = bench.connect("--level", "3")
    assert result.exit_code == 3
    assert "does not have tax-codes, dimensions" in result.stderr


def test_a_level_is_lowered_and_a_new_key_must_suffice_for_the_old_one(bench: Bench) -> None:
    supplied(bench, Dimension, DimensionValue)
    bench.pleo.identity = replace(bench.pleo.identity, scopes=ALL)
    bench.connect()
    bench.pleo.identity = replace(bench.pleo.identity, scopes=SCOPES)
    assert "Level 1 needs fewer" in bench.connect().stderr
    assert bench.connect("--level", "1").exit_code == 0
    assert bench.connections()[0].settings.sync == ()
    assert bench.pleo.installed is not None
    assert bench.pleo.installed.status == "ACTIVATED"


def test_a_connection_of_the_older_level_3_keeps_its_tax_codes_and_gets_no_accounts(bench: Bench) -> None:
    supplied(bench, Dimension, DimensionValue, TaxCode, Account)
    bench.pleo.identity = replace(bench.pleo.identity, scopes=ALL)
    bench.connect()
    bench.run("settings", "set", "sync", "tax-codes,dimensions")
    old = bench.connections()[0].settings.sync
    assert set(old) == {"tax-codes", "dimensions"}
    for words in ((), ("--level", "2")):
        result = bench.connect(*words)
        assert "Level 2: exports with receipts, dimensions as tags, tax codes." in result.stdout
        assert bench.connections()[0].settings.sync == old
    bench.pleo.identity = replace(bench.pleo.identity, scopes=ALL - {"tax-codes:write"})
    refused = bench.connect()
    assert (refused.exit_code, "tax-codes:write" in refused.stderr) == (3, True)
    bench.pleo.identity = replace(bench.pleo.identity, scopes=ALL)
    bench.connect("--level", "3")
    assert set(bench.connections()[0].settings.sync) == {"accounts", "tax-codes", "dimensions"}


def test_the_first_connection_says_what_level_1_lacks(bench: Bench) -> None:
    assert "Pleo recommends Level 2 or higher" in bench.connect().stdout
    supplied(bench, Dimension, DimensionValue)
    assert "Level 2 needs the permissions tag-groups:read, tag-groups:write" in bench.run("check").stdout


def test_two_connections_need_a_name(bench: Bench) -> None:
    bench.connect("--name", "north")
    bench.pleo.identity = replace(bench.pleo.identity, subject="urn:pleo:company:c-2")
    bench.pleo.answer = Installation("i-2", "ACTIVATED", "urn:pleo:company:c-2")
    assert bench.connect("--name", "north").exit_code == 3, "the name is taken"
    assert bench.connect("--name", "south").exit_code == 0
    unnamed = bench.run("jobs")
    assert unnamed.exit_code == 2
    assert "north" in unnamed.stderr
    assert bench.run("--connection", "south", "jobs").exit_code == 0
    assert bench.run("--connection", "west", "jobs").exit_code == 2


def test_production_has_no_oauth_on_a_command_line(bench: Bench) -> None:
    result = bench.run("connect", "--oauth", "--client-id", "c")
    assert result.exit_code == 3
    assert "HTTPS redirect" in result.stderr
    assert "API key" in result.stderr


def test_only_the_sandbox_has_an_address_of_its_own(bench: Bench) -> None:
    assert bench.connect("--url", "http://elsewhere.example").exit_code == 2
    assert bench.connections() == []


def test_disconnect_keeps_settings_and_forgets_the_key(bench: Bench) -> None:
    bench.connect()
    bench.run("settings", "set", "retention_days", "7", "--offline")
    result = bench.run("disconnect", "--yes")
    assert result.exit_code == 0, result.output
    assert "Kept: everything booked" in result.stdout
    (connection,) = bench.connections()
    assert connection.status == "disconnected"
    assert connection.settings.retention_days == 7
    assert bench.tokens(connection) is None
    assert bench.pleo.installed is None
    again = bench.run("jobs")
    assert again.exit_code == 3
    assert "kontobro connect" in again.stderr


def test_disconnect_asks_first(bench: Bench) -> None:
    bench.connect()
    assert bench.run("disconnect", stdin="n\n").exit_code != 0
    assert bench.connections()[0].status == "connected"


def test_a_dead_key_can_be_disconnected(bench: Bench) -> None:
    bench.connect()
    bench.pleo.fault = LoginFailed("Pleo refuses the key.")
    result = bench.run("disconnect", "--yes")
    assert result.exit_code == 0, result.output
    assert "delete the API key there" in result.stdout
    assert bench.connections()[0].status == "disconnected"


def test_an_unreachable_pleo_keeps_the_connection(bench: Bench) -> None:
    bench.connect()
    bench.pleo.fault = Unreachable("Pleo does not answer.")
    assert bench.run("disconnect", "--yes").exit_code == 4
    assert bench.connections()[0].status == "connected"
