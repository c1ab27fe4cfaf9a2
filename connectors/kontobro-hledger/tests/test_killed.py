"""Whole exports into hledger, killed everywhere: each entry exists once."""

from __future__ import annotations

from kontobro.testing.export_contract import ExportContract


class TestExport(ExportContract):
    """Two minutes."""
