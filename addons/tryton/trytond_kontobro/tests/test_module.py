"""Tryton's own checks of a module: views, access, buttons, wizards, rights, translations' sources."""

from __future__ import annotations

import os

import pytest

# Tryton's test case makes its own database and reads where from the environment.
os.environ.setdefault("DB_NAME", ":memory:")

from trytond.tests.test_tryton import ModuleTestCase  # noqa: E402


class KontobroTestCase(ModuleTestCase):
    """The generic checks."""

    module = "kontobro"
    company = None


del ModuleTestCase
