"""The proof that a person runs (`make prove`): it compares right, and it can fail."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from kontobro.erp.registry import Registry
from tests.export.prove import SYSTEMS, Kill, boundaries, main, print_tables, summary
from tests.export.test_killed import BOUNDARIES as LEDGER
from tests.export.test_killed_searchable import BOUNDARIES as SEARCHABLE

WHOLE = Kill("beancount", "erp.book#2:before", "kept", ())
WRONG = replace(WHOLE, history="deleted", wrong=("expense 1 exists 2 times under a",))


@pytest.mark.kill
def test_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--only", "erp.book#1"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["summary"] == {"boundaries": 4, "processes_killed": 8, "whole": 8, "proven": True}
    assert {(kill["system"], kill["boundary"], kill["history"]) for kill in said["kills"]} == {
        (system, f"erp.book#1:{side}", history)
        for system in ("beancount", "searchable")
        for side in ("before", "after")
        for history in ("kept", "deleted")
    }


@pytest.mark.kill
@pytest.mark.parametrize(("system", "known"), [("beancount", LEDGER), ("searchable", SEARCHABLE)])
def test_it_crosses_the_boundaries_that_the_tests_of_the_engine_name(system: str, known: list[str]) -> None:
    assert list(boundaries(system)) == known


@pytest.mark.parametrize("words", [["--only", "coffee"], ["northbook"]])
def test_what_can_t_be_proved(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "no boundary's name holds 'coffee'" in said or "it can't be proved here" in said


def test_it_lists_every_registered_connector(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    names = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert len(names) == len(set(names))
    assert {*SYSTEMS, *Registry().names()} == set(names)


def test_it_can_fail() -> None:
    counts = summary([WHOLE, WRONG])
    assert (counts["processes_killed"], counts["whole"], counts["proven"]) == (2, 1, False)


def test_nothing_killed_proves_nothing() -> None:
    assert not summary([])["proven"]


def test_it_says_where_it_failed() -> None:
    page = StringIO()
    print_tables(Console(file=page, width=250), [WHOLE, WRONG])
    assert "✗ expense 1 exists 2 times under a" in page.getvalue()
    assert "erp.book#2:before" in page.getvalue()
    assert "1 boundaries, 2 processes killed with kill -9: whole after the next run 1." in page.getvalue()
