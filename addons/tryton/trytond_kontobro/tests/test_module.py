"""Tryton's own checks of a module: views, access, buttons, wizards, translations' sources."""

from __future__ import annotations

import os
import re
from pathlib import Path

# Tryton's test case works on the database of this name; it is there and has the module.
os.environ["DB_NAME"] = os.environ["KONTOBRO_TRYTON_DATABASE"]

from lxml import etree
from trytond.pool import Pool
from trytond.tests.test_tryton import ModuleTestCase, with_transaction

NO_COLUMN = {"timestamp", "datetime"}
"""Types of fields that the web client has no column for: a list with one does not open. A date and a time it has."""


LOCALE = Path(__file__).parents[1] / "locale"
ENTRY = re.compile(r'msgctxt "(.*)"\nmsgid "(.*)"\n')


def views(kind):
    """Those of our own models."""
    found = Pool().get("ir.ui.view").search([("module", "=", "kontobro"), ("type", "=", kind)])
    return [view for view in found if view.model.startswith("kontobro.")]


def texts(view):
    """What a person reads there, each with its place as in the files of translations."""
    tree, model = etree.fromstring(view.arch), Pool().get(view.model)
    for page in tree.iter("page"):
        if page.get("string"):
            yield f"view:{view.model}:", page.get("string")
    for field in (model._fields[node.get("name")] for node in tree.iter("field")):
        own = f"{view.model},{field.name}:"
        yield f"field:{own}", field.string
        if field.help:
            yield f"help:{own}", field.help
        for _, label in getattr(field, "selection", None) or []:
            if label:
                yield f"selection:{own}", label


class KontobroTestCase(ModuleTestCase):
    """The generic checks."""

    module = "kontobro"

    @with_transaction()
    def test_what_views_show_is_translated(self):
        """Labels, helps, choices and pages of our own models, in every language that the module brings."""
        wanted = {text for view in views("form") + views("tree") for text in texts(view)}
        assert len(wanted) > 150
        for file in sorted(LOCALE.glob("*.po")):
            there = set(ENTRY.findall(file.read_text(encoding="utf-8")))
            assert {one for one in wanted if one not in there} == set(), file.name

    @with_transaction()
    def test_lists_open_in_the_web_client(self):
        pool = Pool()
        shown = [(view.model, field) for view in views("tree") for field in etree.fromstring(view.arch).iter("field")]
        bare = [
            (model, field.get("name"))
            for model, field in shown
            if "widget" not in field.attrib and pool.get(model)._fields[field.get("name")]._type in NO_COLUMN
        ]
        assert bare == []
        assert len(shown) > 20


del ModuleTestCase
