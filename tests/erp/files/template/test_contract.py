"""Generic templates against the contract of documents, read back by csv and openpyxl."""

from __future__ import annotations

import pytest

from kontobro.testing.document_contract import DocumentContract, Papers
from tests.erp.files.template.masters import CHART, ready
from tests.erp.files.template.reader import csv_rows, line_vouchers, pair_vouchers, xlsx_rows


class TestLines(DocumentContract):
    @pytest.fixture
    def papers(self) -> Papers:
        def read(files):
            (content,) = [content for name, content in files.items() if name.endswith(".csv")]
            return line_vouchers(csv_rows(content, separator=";"))

        return Papers(target=ready("generic-lines"), read=read, chart=CHART, again=lambda: ready("generic-lines"))


class TestOneLine(DocumentContract):
    @pytest.fixture
    def papers(self) -> Papers:
        def read(files):
            (content,) = [content for name, content in files.items() if name.endswith(".csv")]
            return pair_vouchers(csv_rows(content, separator=";"))

        return Papers(target=ready("generic-one-line"), read=read, chart=CHART)


class TestExcel(DocumentContract):
    @pytest.fixture
    def papers(self) -> Papers:
        def read(files):
            (content,) = [content for name, content in files.items() if name.endswith(".xlsx")]
            return line_vouchers(xlsx_rows(content))

        def made():
            return ready("generic-lines", "xlsx")

        return Papers(target=made(), read=read, chart=CHART, again=made)
