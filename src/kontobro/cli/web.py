"""`kontobro web`: the pages alone, in several processes, beside workers on PostgreSQL."""

from __future__ import annotations

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.words import _
from kontobro.cli.serve import configured, show_link


def run(context: typer.Context) -> None:
    """Serve the pages only, with PostgreSQL. Run as many as you need, next to as many workers as you need."""
    given = configured(cli_of(context))
    from kontobro.service.logging.logs import set_up_logs
    from kontobro.web.server.serving import serve_pages

    set_up_logs(given)
    show.tell(_("Pages on {bind}, for {public_url}.").format(bind=given.bind, public_url=given.public_url), "dim")
    serve_pages(given, lambda link: show_link(given, link))
