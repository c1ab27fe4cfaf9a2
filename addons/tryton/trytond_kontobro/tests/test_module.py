"""Tryton's own checks of a module: views, access, buttons, wizards, translations' sources."""

from __future__ import annotations

import os

# Tryton's test case works on the database of this name; it is there and has the module.
os.environ["DB_NAME"] = os.environ["KONTOBRO_TRYTON_DATABASE"]

from lxml import etree
from trytond.pool import Pool
from trytond.tests.test_tryton import ModuleTestCase, with_transaction

NO_COLUMN = {"timestamp", "datetime"}
"""Types of fields that the web client has no column for: a list with one does not open. A date and a time it has."""


class KontobroTestCase(ModuleTestCase):
    """The generic checks."""

    module = "kontobro"

    @with_transaction()
    def test_lists_open_in_the_web_client(self):
        pool = Pool()
        lists = pool.get("ir.ui.view").search([("module", "=", self.module), ("type", "=", "tree")])
        shown = [(view.model, field) for view in lists for field in etree.fromstring(view.arch).iter("field")]
        bare = [
            (model, field.get("name"))
            for model, field in shown
            if "widget" not in field.attrib and pool.get(model)._fields[field.get("name")]._type in NO_COLUMN
        ]
        assert bare == []
        assert len(shown) > 20


del ModuleTestCase
