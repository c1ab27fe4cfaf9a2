"""Fixtures within Odoo's own Python. Elsewhere nothing is collected here: test_inside.py starts it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("odoo") and "KONTOBRO_TEMPLATE" in os.environ else ["test_*.py"]


NAME = f"kontobro_inside_{os.getpid()}"
"""Of each fresh company's database, one after the other: Odoo takes two seconds to load its models for a new name."""


@pytest.fixture
def database() -> Iterator[str]:
    """A fresh company."""
    from odoo.modules.registry import Registry

    with _cloned(NAME) as name:
        yield name
        Registry(name).clear_all_caches()


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """A company for all tests of a file: they clear what they made."""
    with _cloned(f"{NAME}_shared") as name:
        yield name


@contextmanager
def _cloned(name: str) -> Iterator[str]:
    from odoo import sql_db

    from erp_lab.places import cloned, start_postgres

    with cloned(start_postgres(), os.environ["KONTOBRO_TEMPLATE"], name):
        yield name
        sql_db.close_db(name)
