"""Tryton's own checks of a module: views, access, buttons, wizards, translations' sources."""

from __future__ import annotations

import os

# Tryton's test case works on the database of this name; it is there and has the module.
os.environ["DB_NAME"] = os.environ["KONTOBRO_TRYTON_DATABASE"]

from trytond.tests.test_tryton import ModuleTestCase


class KontobroTestCase(ModuleTestCase):
    """The generic checks."""

    module = "kontobro"


del ModuleTestCase
