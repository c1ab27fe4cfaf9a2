"""Making the demo company and removing it: its Pleo, its ledger, the connection of both."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kontobro.bootstrap import App
from kontobro.core.errors import Conflict, Misconfigured
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.settings.suggest import preselected
from kontobro.core.settings.toml import LARGEST, read_toml, settings_from
from kontobro.export.job.masters import load_masters
from kontobro.install.connect import Connecting
from kontobro.service.config import ServiceConfig
from kontobro.service.demo.ledger import copy_ledger
from kontobro.service.demo.sandbox_process import SandboxProcess
from kontobro.web.connect.books import activate, carry_out, read_plans
from kontobro.web.connect.setup import own
from kontobro.web.connection.forgetting import forget_connection
from kontobro.web.demo.running import demo_pleo
from kontobro.web.demo.tables import DemoCompany
from kontobro.web.models import ConnectionOwner, Organisation
from kontobro.web.process import change

LEVEL: Final = 4
FOR_OTHERS: Final = 60.0
"""Seconds to wait for work on the demo company that is under way."""


def folder_of(app: App) -> Path:
    return app.path / "demo-company"


def make(config: ServiceConfig, app: App, organisation: Organisation) -> Connection:
    """A new demo company, in the place of the one before: connected, its master data in sync, an export waiting.

    Raises Conflict where another organisation has it. What fails on the way can be removed.
    """
    remove(app, organisation)
    connection_id = uuid.uuid4().hex
    _note(organisation, connection_id)
    folder = folder_of(app)
    shutil.rmtree(folder, ignore_errors=True)  # of a demo whose organisation is gone
    folder.mkdir(parents=True)
    ledger = copy_ledger(folder / "ledger")
    pleo = demo_pleo.start(config.public_url.rstrip("/"))
    connection = _connect(app, organisation, connection_id, ledger, pleo)
    plans = read_plans(connection, app)  # whoever starts the demo says yes to all of them
    activate(connection, app, carry_out(connection, {plan.kind: plan.digest for plan in plans}, app))
    return connection


def _note(organisation: Organisation, connection_id: str) -> None:
    if DemoCompany.objects.exclude(organisation=organisation).exists():
        raise Conflict(
            _("Another organisation of this service has the demo company."), _("Remove it there, then start it here.")
        )
    try:
        with transaction.atomic():
            DemoCompany.objects.create(organisation=organisation, connection_id=connection_id)
    except IntegrityError:
        raise Conflict(_("The demo company is being made already."), _("Wait until it is ready.")) from None


def _connect(app: App, organisation: Organisation, id: str, ledger: Path, pleo: SandboxProcess) -> Connection:
    """As a person would: API key, Level 4, the demo's own settings, the dimensions for tags."""
    draft = Connection(
        id=id,
        name=_("Demo company"),
        environment="sandbox",
        api_url=pleo.url,
        auth_url=pleo.url,
        auth="api_key",
        company_id=pleo.company_id,
        company_name="",
        erp="beancount",
        erp_options={"ledger": str(ledger.resolve())},
    )
    connector = app.connector_for(draft, {})
    connecting = Connecting(
        pleo_for=app.pleo_for,
        connector=connector,
        store=app.store,
        known=(),
        claim=lambda final: own(final, organisation),
        wait=True,
    )
    found = connecting.connect(draft, Tokens(access=pleo.api_key), LEVEL).connection
    marked = _("Demo: %(company)s") % {"company": found.company_name or found.name}
    kept = {"sync": list(found.settings.sync)}
    masters = load_masters(connector, connector.check())
    dimensions = [one for one in masters.dimensions.by_id.values() if one.active]
    groups = [group.code for group in app.sync_ports_for(found).target.read("tag_groups") if not group.archived]
    wanted = {**kept, **_settings_of(ledger)}
    settings, problems = settings_from(wanted)
    if problems:
        raise Misconfigured(" ".join(map(str, problems)), _("Install Kontobro again."))
    chosen = preselected(dimensions, groups, settings.dimensions)
    settings = replace(settings, sync_dimensions=tuple(one.code for one in chosen))
    change(app.store, id, name=marked, company_name=marked, settings=settings)
    return replace(found, name=marked, company_name=marked, settings=settings)


def _settings_of(ledger: Path) -> dict[str, object]:
    with (ledger.parent / "settings.toml").open("rb") as file:
        return dict(read_toml(file.read(LARGEST + 1), file.name))


def remove(app: App, organisation: Organisation) -> bool:
    """All of it: its Pleo, its data here, its ledger. False where there is none. Raises Busy while work goes on."""
    demo = DemoCompany.objects.filter(organisation=organisation).first()
    if demo is None:
        return False
    connection = app.store.connection(demo.connection_id)
    if connection is not None:
        change(app.store, connection.id, status="disconnected")  # no more work is asked for
    demo_pleo.stop()
    with app.store.lock(f"work {demo.connection_id}", wait=FOR_OTHERS):
        if connection is not None:
            forget_connection(connection, app.store)
        ConnectionOwner.objects.filter(connection_id=demo.connection_id).delete()
        shutil.rmtree(folder_of(app), ignore_errors=True)
        demo.delete()
    return True


def note_ended(app: App) -> None:
    """The service starts: the demo's Pleo ended with the one before, and no one is to wait for it."""
    for id in DemoCompany.objects.values_list("connection_id", flat=True):
        if app.store.connection(id) is not None:
            change(app.store, id, status="disconnected")
