"""Records of Tryton as settings name them, and back."""

from __future__ import annotations

from trytond.i18n import gettext

from kontobro.core.settings.codes import id_in

from ..inside.app import PleoError
from ..models.connection import pool

LINES = [("type", "!=", None), ("closed", "!=", True)]
"""Accounts that take lines."""
ROOT = [("type", "=", "root")]


def key_of(index, record, label):
    """What a setting calls a record: its code, which has to mean this very one; None for no record."""
    if not record:
        return None
    known = index.with_id(str(record.id))
    if known and index.find(known[0].code) == known:
        return known[0].code
    words = gettext("kontobro.msg_no_code" if known else "kontobro.msg_not_usable", field=label, record=record.rec_name)
    raise PleoError(words)


def account_of(key, company):
    """The account that a setting names; None where it names none any more.

    The id of an account that was stored before is still read, but never where an account number can be meant.
    """
    inside = [("company", "=", company), *LINES]
    if found := _coded("account.account", key, inside):
        return found[0].id if len(found) == 1 else None
    return _with_id("account.account", key, inside) if key else None


def journal_of(key):
    return _number_of("account.journal", key, [])


def root_of(key, company):
    """The analytic root that a setting names: by its code, or by its name where it has none."""
    inside = [("company", "=", company), *ROOT]
    uncoded = ["OR", ("code", "=", None), ("code", "=", "")]
    named = pool("analytic_account.account").search([uncoded, ("name", "=", key), *inside])
    return named[0].id if len(named) == 1 else _number_of("analytic_account.account", key, inside, numbered=False)


def currency_of(code):
    """Currencies are named by their code alone."""
    return next((one.id for one in pool("currency.currency").search([("code", "=", code)])), None)


def _number_of(model, key, domain, *, numbered=True):
    """By code; by the id, where that was stored before and, if records are `numbered`, no code can be meant."""
    found = _coded(model, key, domain)
    if found:
        return found[0].id if len(found) == 1 else None
    return _with_id(model, key, domain, numbered=numbered) if key else None


def _coded(model, key, domain):
    return pool(model).search([("code", "=", key), *domain]) if key else []


def _with_id(model, key, domain, *, numbered=True):
    codes = [record.code for record in pool(model).search(domain) if record.code] if numbered else []
    number = id_in(key, codes)
    found = pool(model).search([("id", "=", number), *domain]) if number else []
    return found[0].id if found else None
