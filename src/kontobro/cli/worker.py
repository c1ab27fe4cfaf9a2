"""`kontobro worker`: does what pages, webhooks and schedules ask for, on PostgreSQL."""

from __future__ import annotations

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.words import _
from kontobro.cli.serve import configured
from kontobro.core.errors import Misconfigured
from kontobro.core.words import told


def run(context: typer.Context) -> None:
    """Run exports and syncs, with PostgreSQL. Run as many as you need, on one or more machines."""
    given = configured(cli_of(context))
    if not given.database_url.get_secret_value():
        raise Misconfigured(*told("cli_worker_postgres"))
    from kontobro.service.logging.logs import set_up_logs
    from kontobro.web.server.serving import work

    set_up_logs(given)
    show.tell(
        _("Working for up to {workers} connections at the same time. Ctrl-C stops it safely.").format(
            workers=given.workers
        ),
        "dim",
    )
    work(given)
