"""Fixtures within Odoo's own Python. Elsewhere nothing is collected here: test_inside.py starts it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("odoo") and "KONTOBRO_TEMPLATE" in os.environ else ["test_*.py"]


@pytest.fixture
def database() -> Iterator[str]:
    """A fresh company."""
    yield from _cloned()


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """A company for all tests of a file: they clear what they made."""
    yield from _cloned()


def _cloned() -> Iterator[str]:
    from odoo import sql_db
    from odoo.modules.registry import Registry

    from erp_lab.places import cloned, start_postgres

    with cloned(start_postgres(), os.environ["KONTOBRO_TEMPLATE"]) as name:
        yield name
        Registry.delete(name)
        sql_db.close_db(name)
