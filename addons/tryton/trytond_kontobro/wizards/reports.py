"""What is told in words: is all well with a connection, and would a failed expense be booked now?"""

from __future__ import annotations

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.transaction import Transaction
from trytond.wizard import Button, StateView, Wizard

from kontobro.core.settings.check import fit_of
from kontobro.core.words import note_in
from kontobro.export.again import check_again, check_failed
from kontobro.export.job.masters import load_masters

from ..inside.access import Guarded, active_record, required
from ..inside.app import in_words, language, opened, shown_errors
from ..models.connection import core_connection, pool


class Report(ModelView):
    "Pleo Report"

    __name__ = "kontobro.report"
    __string__ = "Pleo Report"
    text = fields.Text("Report", readonly=True)


def shown():
    """A page of words."""
    return StateView("kontobro.report", "kontobro.report_view_form", [Button("Close", "end", "tryton-close", True)])


class Check(Guarded, Wizard):
    "Check the Pleo Connection"

    __name__ = "kontobro.check"
    start = shown()

    def default_start(self, names):
        row = pool("kontobro.connection").chosen()
        with shown_errors(), opened(Transaction().database.name) as app:
            connection = core_connection(app, row.key)
            connector = app.connector_for(connection)
            company = connector.check()
            app.pleo_for(connection).introspect()
            fit, news = fit_of(connection.settings, load_masters(connector, company)), app.pleo_news()
        well = [] if fit.problems else [gettext("kontobro.msg_all_well", company=company.name)]
        found = map(in_words, (*fit.problems, *fit.warnings))
        return {"text": "\n".join([*well, *found, *([note_in(news, language())] if news else [])])}


class CheckAgain(Guarded, Wizard):
    "Check again"

    __name__ = "kontobro.check_again"
    start = shown()

    def default_start(self, names):
        row = required(active_record("kontobro.booking", "kontobro.job"), "kontobro.msg_choose_expense")
        with shown_errors(), opened(Transaction().database.name) as app:
            connection = core_connection(app, row.connection_id.key)
            ports = app.book_ports_for(connection)
            if row.__name__ == "kontobro.booking":
                found = [check_again(connection, row.reference, ports)]
            else:
                found = list(check_failed(connection, ports, row.job_id))
        return {"text": "\n\n".join(map(_words, found)) or gettext("kontobro.msg_nothing_failed")}


def _words(checked):
    who = checked.payee or checked.reference
    if checked.preview is None:
        return f"{who}: {gettext('kontobro.msg_content_purged')}"
    if checked.fixed:
        return f"{who}: {gettext('kontobro.msg_mended')}\n{checked.pleo_url or ''}"
    return "\n".join([f"{who}:", *map(in_words, checked.preview.problems)])
