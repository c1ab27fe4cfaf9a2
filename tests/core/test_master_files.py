"""What is remembered of a file of master data, and what a sync finds changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kontobro.core.master_files import CountChange, KeptMasters, MastersRead, after_reading

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def read(accounts: int, vendors: int = 31) -> MastersRead:
    return MastersRead("kontenplan.csv", f"{accounts:064x}", (("accounts", accounts), ("vendors", vendors)))


def then(before: KeptMasters | None, accounts: int, hours: int, synced: int | None = None) -> KeptMasters:
    return after_reading(before, read(accounts), NOON + hours * HOUR, None if synced is None else NOON + synced * HOUR)


def test_the_same_file_again_is_no_change() -> None:
    kept = then(then(None, 412, 0), 412, 2, synced=1)
    assert (kept.read_at, kept.changed_at, kept.had) == (NOON + 2 * HOUR, None, ())
    assert kept.changes("accounts", (NOON, "in_step", "d")) == ()


def test_a_sync_after_the_change_says_what_there_was_until_it_is_in_step() -> None:
    kept = then(then(None, 412, 0), 200, 2, synced=1)
    lost = (CountChange("accounts", 412, 200),)
    assert kept.changes("accounts", (NOON + HOUR, "in_step", "d")) == lost
    assert kept.changes("accounts", (NOON + 3 * HOUR, "waiting", "d")) == lost, "the limits stopped it"
    assert kept.changes("accounts", (NOON + 3 * HOUR, "in_step", "d")) == ()
    assert kept.changes("vendors", (NOON + HOUR, "in_step", "d")) == (), "as many as before"
    assert kept.changes("accounts", None) == (), "never synced: there is nothing to compare with"


def test_a_file_that_changes_twice_is_compared_with_the_one_that_was_synced() -> None:
    twice = then(then(then(None, 412, 0), 300, 2, synced=1), 200, 3, synced=1)
    assert dict(twice.had)["accounts"] == 412
    between = then(then(then(None, 412, 0), 300, 2, synced=1), 200, 4, synced=3)
    assert dict(between.had)["accounts"] == 300
