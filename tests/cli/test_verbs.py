"""The verbs against a Pleo and an accounting system from memory: empty states, faults, settings, polling."""

from __future__ import annotations

import json
import logging
import tomllib
from pathlib import Path

import pytest

from kontobro.core.errors import Busy, LoginFailed, Misconfigured, NotAllowed, Unreachable
from kontobro.core.model.masterdata import Account
from tests.cli.fakes import Bench, export_job

WITH_CONNECTION = ["check", "jobs", "preview x", "export", "settle", "bookings", "disconnect", "settings show"]
WITH_CONNECTION += ["dimensions", "sync plan", "sync apply --yes", "sync status"]


@pytest.mark.parametrize("verb", WITH_CONNECTION)
def test_without_a_connection_every_verb_says_what_to_do(bench: Bench, verb: str) -> None:
    result = bench.run(*verb.split())
    assert result.exit_code == 3
    assert "No connection yet" in result.stderr
    assert "kontobro connect" in result.stderr


def test_no_job_waits(bench: Bench) -> None:
    bench.connect()
    assert "No export job is waiting for" in bench.run("jobs").stdout
    assert "Press Export in Pleo" in bench.run("export").stdout
    assert json.loads(bench.run("export", "--json").stdout) == {"job": None, "event": "nothing_to_do"}
    assert json.loads(bench.run("bookings", "--json").stdout) == []
    assert "Nothing is booked yet" in bench.run("bookings").stdout


def test_jobs_lists_what_waits_and_with_all_what_ended(bench: Bench) -> None:
    bench.connect()
    ended = export_job("00000000-0000-4000-8000-000000000001", "failed", failure_reason="[bold]login[/bold]\n expired")
    bench.pleo.waiting = [export_job(number_of_items=12), ended]
    (waiting,) = json.loads(bench.run("jobs", "--json").stdout)
    assert (waiting["status"], waiting["items"]) == ("pending", 12)
    everything = bench.run("jobs", "--all").stdout
    assert ended.id in everything
    assert "[bold]login[/bold] expired" in everything, "what Pleo sends is text, never markup"


def test_nothing_to_keep_in_step(bench: Bench) -> None:
    bench.connect()
    for words in ("sync plan", "sync apply --yes", "sync status"):
        result = bench.run(*words.split())
        assert result.exit_code == 3
        assert "kontobro connect --level 4" in result.stderr
    assert "has no dimensions" in bench.run("dimensions").stderr


def test_a_list_is_set_with_commas(bench: Bench) -> None:
    bench.connect()
    assert bench.run("settings", "set", "sync", "dimensions, vendors", "--offline").exit_code == 0
    assert bench.connections()[0].settings.sync == ("dimensions", "vendors")
    bench.run("settings", "set", "sync", "", "--offline")
    assert bench.connections()[0].settings.sync == ()


def test_a_job_is_named_by_its_beginning(bench: Bench) -> None:
    bench.connect()
    bench.pleo.waiting = [export_job("aaaa0000-0000-4000-8000-000000000001"), export_job("aabb-2")]
    assert "no job starts" in bench.run("preview", "ff").stderr
    assert "several jobs start" in bench.run("preview", "aa").stderr


def test_check_finds_everything_at_once(bench: Bench) -> None:
    bench.connect()
    bench.pleo.fault = LoginFailed("Pleo refuses the key.", "Connect again.")
    bench.erp.fault = NotAllowed("The ledger may not be written.", "Ask its owner.")
    result = bench.run("check", "--json")
    assert result.exit_code == 3
    found = json.loads(result.stdout)
    wrong = {finding["subject"]: finding["remedy"] for finding in found["findings"] if not finding["ok"]}
    assert wrong == {"Pleo": "Connect again.", "accounting system": "Ask its owner."}, "each fault is said once"


def test_check_asks_for_the_wallet_and_warns_of_the_rest(bench: Bench) -> None:
    """A company with cards alone needs no more than the wallet; what would fail for another account is said."""
    bench.connect()
    result = bench.run("check")
    assert result.exit_code == 3
    assert "✗ settings: settings.wallet" in result.stdout
    assert bench.run("settings", "set", "wallet", "1080").exit_code == 0
    result = bench.run("check")
    assert result.exit_code == 0, result.output
    for name, needs_it in {
        "out_of_pocket": "Mileage",
        "contra": "Wallet top-up",
        "accounts_payable": "Invoice",
    }.items():
        (line,) = [each for each in result.stdout.splitlines() if f"settings.{name}" in each]
        assert line.startswith("! ")
        assert needs_it in " ".join(result.stdout.split())
    found = json.loads(bench.run("check", "--json").stdout)
    warned = [each["subject"].rpartition(".")[2] for each in found["findings"] if each["warning"]]
    assert (found["ok"], warned) == (True, ["out_of_pocket", "contra", "accounts_payable"])


def test_an_export_before_the_wallet_is_set_leaves_the_job_pending(bench: Bench) -> None:
    """What fails in Pleo can't be retried; what waits can."""
    bench.connect()
    bench.pleo.waiting = [export_job()]
    result = bench.run("export")
    assert result.exit_code == 3, result.output
    assert [job.status for job in bench.pleo.waiting] == ["pending"]
    said = " ".join(result.stderr.split())
    assert "Nothing can be exported yet. Account for the Pleo wallet missing." in said
    assert "The export waits in Pleo until" in said


def test_check_is_content_when_all_is_there(bench: Bench) -> None:
    bench.connect()
    for name, code in {"wallet": "1080", "out_of_pocket": "2890", "contra": "1089", "accounts_payable": "2440"}.items():
        assert bench.run("settings", "set", name, code, "--offline").exit_code == 0
    result = bench.run("check")
    assert result.exit_code == 0, result.output
    assert "All checks passed" in result.stdout


def test_check_sees_a_removed_installation(bench: Bench) -> None:
    bench.connect()
    bench.pleo.installed = None
    result = bench.run("check")
    assert result.exit_code == 3
    assert "The integration in Pleo is missing" in result.stdout


def test_an_unreachable_side_wins_over_what_a_person_mends(bench: Bench) -> None:
    bench.connect()
    bench.pleo.fault = Unreachable("Pleo does not answer.")
    assert bench.run("check").exit_code == 4


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("walet", "1080", "did you mean wallet?"),
        ("closed_period", "maybe", '"fail", "next_open", "today"'),
        ("retention_days", "many", "a whole number from 0 to 3650"),
        ("wallets.XXY", "1080", "not a currency code"),
        ("wallet.EUR", "1080", "not a table"),
        ("rows", "x", "Write them in a settings file and import it"),
        ("out_of_pocket", "9999", "9999"),
    ],
)
def test_a_wrong_setting_is_not_stored(bench: Bench, key: str, value: str, said: str) -> None:
    bench.connect()
    before = bench.connections()[0].settings
    result = bench.run("settings", "set", key, value)
    assert result.exit_code == 3
    assert said in result.stderr
    assert bench.connections()[0].settings == before


def with_ids(bench: Bench) -> None:
    """Accounts whose ids are numbers, one of them as long as a code; all settings are there."""
    bench.connect()
    for name, code in {"wallet": "1080", "out_of_pocket": "2890", "contra": "1089", "accounts_payable": "2440"}.items():
        assert bench.run("settings", "set", name, code, "--offline").exit_code == 0
    bench.erp.accounts += [Account("1200", "8339", "Revenue"), Account("57", "1590", "In transit")]


@pytest.mark.parametrize(("id", "code"), [("1200", "8339"), ("57", "1590")])
def test_an_id_is_no_setting(bench: Bench, id: str, code: str) -> None:
    with_ids(bench)
    result = bench.run("settings", "set", "contra", id)
    assert result.exit_code == 3
    assert f"It is the ID of {code}" in " ".join(result.stderr.split())
    assert bench.connections()[0].settings.contra == "1089"
    assert bench.run("settings", "set", "contra", code).exit_code == 0


def test_check_lists_ids_that_were_stored_before(bench: Bench) -> None:
    with_ids(bench)
    for name, id in {"contra": "1200", "out_of_pocket": "57"}.items():
        bench.run("settings", "set", name, id, "--offline")
    result = bench.run("check")
    assert result.exit_code == 3
    said = " ".join(result.stdout.split())
    assert "1200 is not a code in the accounting system. It is the ID of 8339" in said
    assert "Setting out_of_pocket holds 57, an internal ID of before; it is read as code 1590" in said
    assert bench.run("settings", "set", "contra", "1200").exit_code == 3, "the same again"
    assert bench.run("settings", "set", "contra", "1089").exit_code == 0
    assert bench.connections()[0].settings.out_of_pocket == "1590", "saved as its code"
    assert bench.run("check").exit_code == 0


def test_settings_are_set_and_taken_away(bench: Bench) -> None:
    bench.connect()
    for key, value in {
        "wallets.EUR": "1081",
        "employees_are_vendors": "yes",
        "retention_days": "5",
        "wallet": "1080",
    }.items():
        assert bench.run("settings", "set", key, value, "--offline").exit_code == 0
    settings = bench.connections()[0].settings
    assert (settings.wallets, settings.employees_are_vendors) == ({"EUR": "1081"}, True)
    assert (settings.retention_days, settings.wallet) == (5, "1080")
    bench.run("settings", "set", "wallets.EUR", "", "--offline")
    bench.run("settings", "set", "wallet", "", "--offline")
    after = bench.connections()[0].settings
    assert (after.wallets, after.wallet) == ({}, None)


def test_settings_go_to_a_file_and_come_back(bench: Bench, tmp_path: Path) -> None:
    bench.connect()
    bench.run("settings", "set", "out_of_pocket", "2890", "--offline")
    before = bench.connections()[0].settings
    file = tmp_path / "settings.toml"
    assert bench.run("settings", "export", str(file)).exit_code == 0
    assert tomllib.loads(file.read_text(encoding="utf-8")) == tomllib.loads(bench.run("settings", "show").stdout)
    assert bench.run("settings", "export", str(file)).exit_code == 2, "an existing file is kept"
    bench.run("settings", "set", "out_of_pocket", "", "--offline")
    assert bench.run("settings", "import", str(file), "--offline").exit_code == 0
    assert bench.connections()[0].settings == before


def test_a_file_is_checked_as_a_form_is_without_asking_anybody(bench: Bench, tmp_path: Path) -> None:
    bench.connect()
    before = bench.connections()[0].settings
    file = tmp_path / "settings.toml"
    file.write_text('time_zone = "Mars/Olympus"\nretention_days = 9999\n', encoding="utf-8")
    result = bench.run("settings", "import", str(file), "--offline")
    assert result.exit_code == 3
    assert "time_zone is not a known time zone" in result.stderr
    assert "from 0 to 3650" in result.stderr
    assert bench.connections()[0].settings == before


def test_a_file_that_is_no_toml_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.connect()
    file = tmp_path / "settings.toml"
    file.write_text("wallet = ", encoding="utf-8")
    result = bench.run("settings", "import", str(file))
    assert result.exit_code == 3
    assert "is not a TOML file" in result.stderr
    missing = bench.run("settings", "import", str(tmp_path / "none.toml"))
    assert "none.toml" in missing.stderr
    assert "Traceback" not in missing.output


def test_watching_outlives_what_passes(bench: Bench) -> None:
    bench.connect()
    bench.clock.sleeps = 2
    bench.pleo.faults = [Unreachable("Pleo does not answer."), Busy("Another run has it.")]
    result = bench.run("export", "--watch", "--every", "30")
    assert result.exit_code == 130
    assert bench.clock.slept == [30, 30, 30]
    assert "Pleo does not answer." in result.stderr
    assert "Another run has it." in result.stderr


def test_watching_ends_when_a_person_must_mend(bench: Bench) -> None:
    bench.connect()
    bench.pleo.fault = LoginFailed("Pleo refuses the key.", "Connect again.")
    result = bench.run("export", "--watch")
    assert result.exit_code == 3
    assert bench.clock.slept == []


def test_watching_and_naming_a_job_exclude_each_other(bench: Bench) -> None:
    bench.connect()
    assert bench.run("export", "--watch", "--job", "x").exit_code == 2


def test_a_fault_has_a_traceback_only_with_debug(bench: Bench) -> None:
    bench.connect()
    bench.pleo.fault = Misconfigured("Something is off.", "Mend it.")
    plain = bench.run("jobs")
    assert (plain.exit_code, plain.stderr.split("\n")[:2]) == (3, ["✗ Something is off.", "  Mend it."])
    assert "Traceback" in bench.run("--debug", "jobs").stderr


def test_the_log_is_shown_only_when_asked_and_only_ours(bench: Bench) -> None:
    bench.connect()
    bench.run("settings", "set", "wallet", "1080", "--offline")
    bench.pleo.waiting = [export_job()]
    assert "job ended" not in bench.run("export").stderr
    another = export_job("00000000-0000-4000-8000-000000000002")
    bench.pleo.waiting = [another]
    shown = bench.run("--verbose", "export").stderr
    assert "job ended" in shown
    assert another.id in shown
    assert logging.getLogger("kontobro").handlers == [], "a verb leaves no handler behind"


def test_a_bug_of_ours_is_one_message_and_says_nothing_it_should_not(bench: Bench) -> None:
    bench.connect()
    bench.pleo.bug = ValueError("Åse Nygård, plp_key-in-a-message")
    result = bench.run("jobs")
    assert result.exit_code == 7
    assert "Unexpected error (ValueError)" in result.stderr
    assert "plp_" not in result.output
    assert "Traceback" not in result.output


def test_a_new_connection_gets_its_settings_one_by_one(bench: Bench) -> None:
    """Several are missing at first: setting one of them is not refused because of the others."""
    bench.connect()
    for name, code in {"wallet": "1080", "out_of_pocket": "2890", "contra": "1089", "accounts_payable": "2440"}.items():
        result = bench.run("settings", "set", name, code)
        assert result.exit_code == 0, result.output
    assert bench.run("check").exit_code == 0
    assert bench.run("settings", "set", "contra", "").exit_code == 0, "nothing may ever need it"
    assert bench.run("check").exit_code == 0


def test_a_file_nested_too_deep_is_no_bug_of_ours(bench: Bench, tmp_path: Path) -> None:
    bench.connect()
    file = tmp_path / "settings.toml"
    file.write_text(f"wallet = {'[' * 5000}{']' * 5000}", encoding="utf-8")
    result = bench.run("settings", "import", str(file))
    assert result.exit_code == 3
    assert "nested too deep" in result.stderr


def test_a_job_that_has_ended_is_said_to_have(bench: Bench) -> None:
    bench.connect()
    bench.pleo.waiting = [export_job(status="completed_with_errors")]
    for verb in ("preview", "export --job"):
        result = bench.run(*verb.split(), export_job().id[:8])
        assert result.exit_code == 3
        assert "has ended: completed with errors." in result.stderr


def test_a_file_that_is_not_there_is_no_fault_of_ours(bench: Bench, tmp_path: Path) -> None:
    bench.connect()
    assert bench.run("settings", "import", str(tmp_path / "none.toml")).exit_code == 3


def test_a_script_is_told_how_to_say_yes(bench: Bench) -> None:
    bench.connect()
    result = bench.run("disconnect")
    assert result.exit_code == 3
    assert "--yes" in result.stderr
    assert bench.connections()[0].status == "connected"


def test_a_stopped_export_says_that_nothing_is_lost(bench: Bench) -> None:
    bench.connect()
    bench.clock.sleeps = 0
    result = bench.run("export", "--watch")
    assert result.exit_code == 130
    assert "Nothing is lost" in result.stderr


def test_bookings_of_a_job_that_has_none(bench: Bench) -> None:
    bench.connect()
    assert 'Nothing is booked of a job that begins with "zzz".' in bench.run("bookings", "--job", "zzz").stdout
