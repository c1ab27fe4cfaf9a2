"""Who may open a wizard, and on which record: nothing that a caller puts into the context reaches further."""

from __future__ import annotations

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, check_access

from .app import PleoError


class Guarded:
    """A wizard for its groups alone.

    Tryton (8.2.1) asks for the groups of the action that the caller names; for one that is none there are none, and
    everyone is let in.
    """

    __slots__ = ()

    @classmethod
    def check_access(cls):
        with Transaction().set_context(action_id=None):
            super().check_access()


def active_record(*models):
    """The record of one of these models that a wizard was opened on, if its user may see it; else None."""
    context = Transaction().context
    model, id = context.get("active_model"), context.get("active_id")
    if model not in models or not isinstance(id, int):
        return None
    found = visible(model, [("id", "=", id)])
    return found[0] if found else None


def visible(model, domain):
    """What the user may see of a model: in a wizard Tryton itself asks neither for access nor for the company."""
    with check_access():
        return Pool().get(model).search(domain)


def required(record, message="kontobro.msg_choose_connection"):
    """It, or Tryton's error that asks for one."""
    if record is None:
        raise PleoError(gettext(message))
    return record
