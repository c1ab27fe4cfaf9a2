"""The proof that a person runs (`make prove`): it counts right, and it can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.export import test_killed, test_killed_searchable
from tests.export.prove import WORDS, BothSides, Case, Verdict, in_words, main, print_tables, summary
from tests.export.test_killed import BOOKED, STATES
from tests.support.pleo_company import entry_id

WHOLE = BothSides(dict.fromkeys(BOOKED, 1), dict.fromkeys(["a", "b", "c"], 1), STATES, "completed_with_errors")
CASE = Case("ledger", "erp.book#2:before", forgetful=False)


@pytest.mark.kill
def test_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--only", "erp.book#1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["summary"] == {
        "boundaries": 4,
        "processes_killed": 8,
        "doubled": 0,
        "lost": 0,
        "whole": 8,
        "proven": True,
    }
    stood = {
        (kill["case"]["system"], kill["case"]["boundary"]): len(kill["killed"]["entries"]) for kill in told["kills"]
    }
    assert stood == {
        ("ledger", "erp.book#1:before"): 0,
        ("ledger", "erp.book#1:after"): 3,
        ("searchable", "erp.book#1:before"): 0,
        ("searchable", "erp.book#1:after"): 2,
    }


def test_a_boundary_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "coffee"])
    assert ended.value.code == 2
    assert "no boundary's name holds 'coffee'" in capsys.readouterr().err


BROKEN: dict[str, tuple[BothSides, int, int]] = {
    "an entry twice": (replace(WHOLE, entries=WHOLE.entries | {entry_id(1): 2}), 1, 0),
    "an entry too few": (replace(WHOLE, entries=dict.fromkeys(BOOKED[1:], 1)), 0, 1),
    "an entry too many": (replace(WHOLE, entries=WHOLE.entries | {"stranger": 1}), 0, 0),
    "a receipt twice": (replace(WHOLE, receipts={"a": 1, "b": 1, "c": 2}), 1, 0),
    "a receipt too few": (replace(WHOLE, receipts={"a": 1, "b": 1}), 0, 1),
    "Pleo says otherwise": (replace(WHOLE, items=STATES | {entry_id(1): "failed"}), 0, 0),
    "the job still runs": (replace(WHOLE, job="in_progress"), 0, 0),
}


@pytest.mark.parametrize("name", BROKEN)
def test_it_can_fail(name: str) -> None:
    healed, doubled, lost = BROKEN[name]
    counts = summary([Verdict(CASE, WHOLE, WHOLE), Verdict(CASE, WHOLE, healed)])
    assert (counts["doubled"], counts["lost"], counts["whole"], counts["proven"]) == (doubled, lost, 1, False)


def test_nothing_killed_proves_nothing() -> None:
    assert not summary([])["proven"]


def test_it_says_where_it_failed(printed: Callable[[list[Verdict]], str]) -> None:
    text = printed(
        [Verdict(CASE, WHOLE, WHOLE), Verdict(replace(CASE, forgetful=True), WHOLE, BROKEN["an entry twice"][0])]
    )
    assert "before the payments were written" in text
    assert "✗ erp.book#2:before: 6 entries, 3 receipts; Pleo: completed with errors" in text
    assert "1 boundaries, 2 processes killed with kill -9: doubled 1, lost 0, whole after the next run 1." in text


@pytest.fixture
def printed() -> Callable[[list[Verdict]], str]:
    from io import StringIO

    from rich.console import Console

    def text(verdicts: list[Verdict]) -> str:
        page = StringIO()
        print_tables(Console(file=page, width=250), verdicts)
        return page.getvalue()

    return text


def test_every_boundary_has_words_of_its_own() -> None:
    for system, names in (("ledger", test_killed.BOUNDARIES), ("searchable", test_killed_searchable.BOUNDARIES)):
        words = {in_words(Case(system, name, forgetful=False)) for name in names}
        assert len(words) == len(names) == 2 * len(WORDS[system])
