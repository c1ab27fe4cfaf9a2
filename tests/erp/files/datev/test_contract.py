"""DATEV's files are held by the suite of document targets, in both ways of writing tax."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontobro.testing.document.papers import Papers
from kontobro.testing.document_contract import DocumentContract
from tests.erp.files.datev.company import some_papers


class TestKeys(DocumentContract):
    @pytest.fixture
    def papers(self, tmp_path: Path) -> Papers:
        return some_papers(tmp_path)


class TestLines(DocumentContract):
    @pytest.fixture
    def papers(self, tmp_path: Path) -> Papers:
        return some_papers(tmp_path, tax="lines", fiscal_year_start="7", document_number="voucher")
