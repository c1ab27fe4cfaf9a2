"""`kontobro serve`: the service in one process, pages and worker together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from kontobro.cli import show
from kontobro.cli.desk import Desk, desk_of

if TYPE_CHECKING:
    from kontobro.service.config import ServiceConfig

NEEDED = 'The service is not installed. Install it with: pip install "kontobro[service]"'


def run(context: typer.Context) -> None:
    """Serve the pages on this machine, with the worker inside: enough for one company."""
    given = configured(desk_of(context))
    from kontobro.service.logs import set_up_logs
    from kontobro.web.serving import serve

    set_up_logs(given)
    show.tell("Starting ...", "dim")
    place = f"Kontobro is at {given.public_url} (Ctrl-C ends it; running work continues at the next start)."
    serve(given, lambda: show.say(place))


def configured(desk: Desk) -> ServiceConfig:
    """The service's configuration with the home that is meant here, and its log. Raises Misconfigured."""
    from kontobro.core.errors import Misconfigured

    os.environ["KONTOBRO_HOME"] = str(desk.home)
    try:
        from kontobro.service.config import config
    except ModuleNotFoundError as missing:
        raise Misconfigured(NEEDED, "kontobro export works without it.") from missing
    return config()
