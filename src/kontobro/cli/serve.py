"""`kontobro serve`: the service in one process, pages and worker together."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.words import _

if TYPE_CHECKING:
    from kontobro.service.config import ServiceConfig

NEEDED = 'The service is not installed. Install it with: pip install "kontobro[service]"'


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
    place = f"Kontobro is at {given.public_url} (Ctrl-C ends it; running work continues at the next start)."

    def ready(link: str) -> None:
        show.say(place)
        show_link(given, link)

    serve(given, ready)


def link_of(given: ServiceConfig) -> str:
    """A new link that lets one person sign up, in local mode. Raises Misconfigured elsewhere."""
    from kontobro.bootstrap import SystemClock
    from kontobro.core.errors import Misconfigured
    from kontobro.service.first_visit import new_link

    if not given.local:
        raise Misconfigured(
            "Links for a first visit exist in local mode only.",
            f"Sign up at {given.public_url}, or ask an owner for an invitation.",
        )
    return new_link(given, SystemClock().now())


def show_link(given: ServiceConfig, link: str) -> None:
    """To a terminal as it is; otherwise, where a log may be listening, only the file that holds it."""
    from kontobro.service.first_visit import link_file

    if not link:
        return
    where = f"Open {link}" if sys.stdout.isatty() else f"Open the link in {link_file(given)}"
    show.say(_("First visit: {where} (works once, for 15 minutes).").format(where=where))


def configured(cli: CliContext) -> ServiceConfig:
    """The service's configuration with the home that is meant here, and its log. Raises Misconfigured."""
    from kontobro.core.errors import Misconfigured

    os.environ["KONTOBRO_HOME"] = str(cli.home)
    try:
        from kontobro.service.config import config
    except ModuleNotFoundError as missing:
        raise Misconfigured(NEEDED, "kontobro export works without it.") from missing
    return config()
