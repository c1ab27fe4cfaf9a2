"""A walk through the module's screens with proteus, Tryton's own client in Python: run as a script beside a server.

Where things are comes from the environment: KONTOBRO_TRYTON (the address for XML-RPC, with user and password),
KONTOBRO_PLEO and KONTOBRO_PLEO_KEY. What was seen goes to standard output as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time

from proteus import Model, Wizard, config

SECONDS = 240


def find(model, **values):
    (one,) = Model.get(model).find([(name, "=", value) for name, value in values.items()])
    return one


def account(code):
    return find("account.account", code=code)


def connect():
    wizard = Wizard("kontobro.connect")
    form = wizard.form
    assert (form.company.id, form.environment, form.level) == (1, "production", "1")
    form.book_as = find("res.user", login="accountant")
    form.environment = "sandbox"
    form.url = os.environ["KONTOBRO_PLEO"]
    form.api_key = os.environ["KONTOBRO_PLEO_KEY"]
    wizard.execute("connect")
    (shown,) = wizard.actions
    (connection,) = shown
    return connection


def set_up(connection):
    wizard = Wizard("kontobro.settings", [connection])
    form = wizard.form
    form.out_of_pocket = account("2890")
    form.contra = account("1089")
    form.external_reimbursement = account("2895")
    form.accounts_payable = account("2440")
    form.journal = find("account.journal", code="PLEO")
    form.posting = "posted"
    form.time_zone = "Europe/Copenhagen"
    for code, number in (("DKK", "1081"), ("EUR", "1082"), ("SEK", "1083")):
        line = form.wallets.new()
        assert line.company == form.company
        line.currency = find("currency.currency", code=code)
        line.account = account(number)
    form.dimensions.new(group="PROJ", root=find("analytic_account.account", code="PROJECT"))
    form.rows.new(type="cashback", line_account=account("7580"))
    wizard.execute("save")
    again = Wizard("kontobro.settings", [connection]).form
    assert [line.currency.code for line in again.wallets] == ["DKK", "EUR", "SEK"]
    assert [(line.type, line.line_account.code) for line in again.rows] == [("cashback", "7580")]


def ended_job(connection):
    connection.click("export_now")
    until = time.monotonic() + SECONDS
    while True:
        jobs = Model.get("kontobro.job").find([])
        if jobs and jobs[0].finished_at:
            return jobs[0]
        assert time.monotonic() < until, "the job did not end"
        time.sleep(0.5)


def text(name, record):
    wizard = Wizard(name, [record])
    shown_errors = wizard.form.text
    wizard.execute("end")
    return shown_errors


def walk():
    connection = connect()
    set_up(connection)
    checked = text("kontobro.check", connection)
    job = ended_job(connection)
    failed = [expense for expense in job.bookings if expense.outcome == "failed"]
    booked = [expense for expense in job.bookings if expense.outcome == "booked" and expense.document]
    move = next(expense.document for expense in booked if type(expense.document).__name__ == "account.move")
    return {
        "checked": checked,
        "job": [job.status, job.items, job.failed],
        "again": [text("kontobro.check_again", job), text("kontobro.check_again", failed[0])],
        "expense": [failed[0].problem_text, len(failed[0].events)],
        "entry": [move.kontobro_expense, move.state],
    }


if __name__ == "__main__":
    config.set_xmlrpc(os.environ["KONTOBRO_TRYTON"])
    sys.stdout.write(json.dumps(walk()))
