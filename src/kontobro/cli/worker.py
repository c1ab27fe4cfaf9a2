"""`kontobro worker`: does what pages, webhooks and schedules ask for, on PostgreSQL."""

from __future__ import annotations

import typer

from kontobro.cli.common import show
from kontobro.cli.common.desk import desk_of
from kontobro.cli.serve import configured
from kontobro.core.errors import Misconfigured


def run(context: typer.Context) -> None:
    """Work for the pages, on PostgreSQL; any number of these, on several machines."""
    given = configured(desk_of(context))
    if not given.database_url.get_secret_value():
        raise Misconfigured(
            "kontobro worker needs PostgreSQL.",
            "Set KONTOBRO_DATABASE_URL, or use kontobro serve for a single process with SQLite.",
        )
    from kontobro.service.logging.logs import set_up_logs
    from kontobro.web.server.serving import work

    set_up_logs(given)
    show.tell(f"Working for up to {given.workers} connections at once; Ctrl-C ends it in order.", "dim")
    work(given)
