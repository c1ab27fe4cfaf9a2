"""The suite of document targets holds for the smallest one, and fails for one that loses or doubles something."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry, summed
from kontobro.core.model.masterdata import Account
from kontobro.core.ports import DocumentFile, DocumentHead, Vouchers
from kontobro.testing.connector.entries import Chart
from kontobro.testing.document.papers import Papers, ReadVoucher
from kontobro.testing.document_contract import DocumentContract
from tests.support.connected_home import ENVIRONMENT, PROJECT
from tests.support.plain_documents import PlainTarget

CHART = Chart()
NAMES = [CHART.expense, CHART.input_tax, CHART.payable, *CHART.wallets.values(), CHART.output_tax, CHART.last_account]
RECORDS = [Account(id=name, code=name, name=name) for name in NAMES]


class Checked(PlainTarget):
    """The plain target, with the two checks that every target has."""

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return [self._found(entry) for entry in entries]

    def _found(self, entry: Entry) -> list[Problem]:
        known = {account.id for account in self.read(Account)}
        lost = [line.account for line in entry.lines if line.account not in known]
        found = [Problem("account_unknown", "account", account, "", "") for account in lost]
        if rest := entry.difference:
            found.append(problem("unbalanced", "lines", rest, difference=rest, currency=entry.currency))
        return found


def read(files: Mapping[str, bytes]) -> Sequence[ReadVoucher]:
    (name,) = [name for name in files if name.endswith(".jsonl")]
    _, *rows = map(json.loads, files[name].decode().split("\n"))
    return [
        ReadVoucher(
            date=dt.date.fromisoformat(row["date"]),
            amounts=summed((account, Decimal(amount)) for account, amount, _ in row["lines"]),
            reference=row["reference"],
            dimensions=summed(
                ((account, *pair), Decimal(amount)) for account, amount, pairs in row["lines"] for pair in pairs
            ),
        )
        for row in rows
    ]


class TestPlain(DocumentContract):
    @pytest.fixture
    def papers(self) -> Papers:
        return Papers(target=Checked(RECORDS), read=read, again=lambda: Checked(RECORDS))


class Faulty(Checked):
    """One fault in what is rendered."""

    def __init__(self, fault: str) -> None:
        super().__init__(RECORDS)
        self.fault = fault
        self.calls = 0

    def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterable[DocumentFile]:
        self.calls += 1
        for file in super().render(head, vouchers):
            yield replace(file, **self._changed(file, head)) if file.name.endswith(".jsonl") else file

    def _changed(self, file: DocumentFile, head: DocumentHead) -> dict[str, Any]:
        rows = b"".join(file.content).split(b"\n")
        name = file.name
        match self.fault:
            case "LosesTheLastRow":
                rows = rows[:-1] if len(rows) > 20 else rows
            case "DoublesARow":
                rows += rows[-1:] if len(rows) > 20 else []
            case "Rounds":
                rows = [row.replace(b'.001"', b'.00"') for row in rows]
            case "ForgetsDimensions":
                rows = [row.replace(b'["COST", "100"]', b'["COST", "0"]') for row in rows]
            case "HasAClock":
                rows[0] += b" " * self.calls
            case "HasOneName":
                name = "document.jsonl"
            case "Climbs":
                name = f"../{head.number}.jsonl"
            case "OnePieceOfAnySize":
                rows[0] += b" " * 5_000_000
        return {"name": name, "content": [b"\n".join(rows)]}


FAULTS = "LosesTheLastRow DoublesARow Rounds ForgetsDimensions HasAClock HasOneName Climbs OnePieceOfAnySize".split()

SUITE = """
import pytest
from kontobro.testing.document.papers import Papers
from kontobro.testing.document_contract import DocumentContract
from tests.documents.test_contract import Faulty, read
"""
CLASS = """
class Test{fault}(DocumentContract):
    @pytest.fixture
    def papers(self):
        return Papers(target=Faulty("{fault}"), read=read)
"""


def test_each_fault_is_found(tmp_path: Path) -> None:
    suite = tmp_path / "test_faulty.py"
    suite.write_text(SUITE + "".join(CLASS.format(fault=fault) for fault in [*FAULTS, "None"]))
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rf", "-p", "no:cacheprovider", str(suite)]
    told = subprocess.run(command, cwd=PROJECT, env=ENVIRONMENT, capture_output=True, text=True, check=False).stdout
    failed = {line.split("::")[1] for line in told.splitlines() if line.startswith("FAILED")}
    assert failed == {f"Test{fault}" for fault in FAULTS}, told[-3000:]
