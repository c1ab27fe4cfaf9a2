"""The contract of every store, held in every home: SQLite, PostgreSQL, Odoo's tables, Tryton's."""

import pytest

PARTS = ("bindings", "bookings", "case", "contract", "erasure")
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in PARTS))
