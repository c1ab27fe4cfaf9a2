"""What the product knows of Pleo's documents is what they say."""

from __future__ import annotations

from pathlib import Path

from kontobro.pleo.documented.contract import WORDS, contract_of
from kontobro.pleo.http import endpoints
from scripts.documented import TARGET, text_of

UNDOCUMENTED = {"GET /v1/accounting-entries/{id}", "POST /v1/accounting-entries:search"}
"""Calls of ours whose document is not among Pleo's current ones that we have."""


def test_the_fields_and_statuses_are_those_of_the_documents(shared: Path) -> None:
    assert TARGET.read_text(encoding="utf-8") == text_of(shared / "pleo" / "openapi"), (
        "run python -m scripts.documented FOLDER"
    )


def test_every_call_of_ours_is_known() -> None:
    calls = {call.name for call in vars(endpoints).values() if isinstance(call, endpoints.Endpoint)}
    assert {name for name in calls if contract_of(name) is None} == UNDOCUMENTED


def test_every_field_with_words_is_a_field() -> None:
    for call, words in WORDS.items():
        contract = contract_of(call)
        assert contract is not None, call
        assert {path.removesuffix("[]") for path in words} <= contract.fields, call
