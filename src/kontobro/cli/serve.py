"""`kontobro serve`: the service in one process, pages and worker together."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.words import _
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.service.config import ServiceConfig


def run(
    context: typer.Context,
    new_link: Annotated[
        bool,
        typer.Option("--new-link", help="Create a new link for the first visit and exit; the service may be running."),
    ] = False,
) -> None:
    """Run the service on this machine: pages and worker in one process. Enough for one company."""
    given = configured(cli_of(context))
    if new_link:
        show_link(given, link_of(given))
        return
    from kontobro.service.logging.logs import set_up_logs
    from kontobro.web.server.serving import serve

    set_up_logs(given)
    show.tell(_("Starting ..."), "dim")
    place = _("Kontobro is at {url} (Ctrl-C ends it; running work continues at the next start).")

    def ready(link: str) -> None:
        show.say(place.format(url=given.public_url))
        show_link(given, link)

    serve(given, ready)


def link_of(given: ServiceConfig) -> str:
    """A new link that lets one person sign up, in local mode. Raises Misconfigured elsewhere."""
    from kontobro.bootstrap import SystemClock
    from kontobro.core.errors import Misconfigured
    from kontobro.service.first_visit import new_link

    if not given.local:
        raise Misconfigured(*told("cli_local_links", url=given.public_url))
    return new_link(given, SystemClock().now())


def show_link(given: ServiceConfig, link: str) -> None:
    """To a terminal as it is; otherwise, where a log may be listening, only the file that holds it."""
    from kontobro.service.first_visit import link_file

    if not link:
        return
    if sys.stdout.isatty():
        show.say(_("First visit: open {link} (works once, for 15 minutes).").format(link=link))
        return
    said = _("First visit: open the link in {file} (works once, for 15 minutes).")
    show.say(said.format(file=link_file(given)))


def configured(cli: CliContext) -> ServiceConfig:
    """The service's configuration with the home that is meant here, and its log. Raises Misconfigured."""
    from kontobro.core.errors import Misconfigured

    os.environ["KONTOBRO_HOME"] = str(cli.home)
    try:
        from kontobro.service.config import config
    except ModuleNotFoundError as missing:
        raise Misconfigured(*told("cli_service_missing")) from missing
    return config()
