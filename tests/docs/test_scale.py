"""What docs/scale.md says is what the simulation prints, from figures that are the code's where the code has them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bench.load.month_end import MEASURED, Export, needs, printed, seconds_of
from kontobro.service.config import read_config
from kontobro.worker.rounds import AT_ONCE

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    return tomllib.loads(MEASURED.read_text())


def test_the_page_has_what_the_simulation_prints() -> None:
    assert printed() in PAGE.read_text()


def test_the_page_says_when_and_where_it_was_measured(facts: dict[str, Any]) -> None:
    assert facts["date"] in PAGE.read_text()


def test_the_code_has_the_same_defaults(facts: dict[str, Any]) -> None:
    defaults = read_config({})
    assert facts["assumed"]["reconcile_seconds"] == defaults.reconcile_seconds
    assert facts["worker"]["places"] == defaults.workers
    assert facts["pages"]["processes"] == defaults.processes
    assert facts["worker"]["polls_at_once"] == AT_ONCE


def test_ten_times_the_companies_are_ten_times_the_polls(facts: dict[str, Any]) -> None:
    few, many = needs(500, facts), needs(5000, facts)
    assert many.polls == pytest.approx(10 * few.polls)
    assert 8 < many.items / few.items < 12
    assert many.worker_cores > few.worker_cores


def test_slower_accounting_systems_need_more_workers(facts: dict[str, Any]) -> None:
    slow = facts | {"accounting_system": {"export_ms": 60_000, "item_ms": 1000}}
    assert needs(5000, slow).workers > needs(5000, facts).workers
    assert needs(5000, slow).waiting <= facts["assumed"]["wait_seconds"]


def test_an_export_takes_a_part_in_any_case_and_one_an_item() -> None:
    assert seconds_of(Export(0, 100), {"export_ms": 50, "item_ms": 2}) == pytest.approx(0.25)
