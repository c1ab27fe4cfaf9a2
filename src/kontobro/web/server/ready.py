"""Before anything is served: what would stop the start is found in one place, and said once, in words."""

from __future__ import annotations

import errno
import socket
import time
from typing import TYPE_CHECKING

from kontobro.core.errors import Busy, Misconfigured, said_of
from kontobro.service.config import ServiceConfig
from kontobro.service.first_visit import new_link
from kontobro.service.notices.mail import mail_server
from kontobro.service.outage import wait_out
from kontobro.service.reach import require_place
from kontobro.web.server.start import migrate, set_up

if TYPE_CHECKING:
    from kontobro.bootstrap import App

ORPHANS = 3.0
"""Seconds to wait for the port: processes of a service that was killed see it, and end."""


def look_ahead(config: ServiceConfig, *, alone: bool) -> str:
    """Try everything that a start needs. `alone`: the worker is in this process too. The link of a first visit, if any.

    Call it before the fork; nothing stays open. Raises Misconfigured, Busy, Unreachable, OSError of the home.
    """
    require_place(config)
    mail_server(config)
    try_to_listen(config.bind)
    set_up()
    return wait_out(lambda: _open_once(config, alone=alone))


def try_to_listen(bind: str, patience: float = ORPHANS) -> None:
    """Whether no one else listens there. Raises Busy after `patience` seconds, Misconfigured at once."""
    if bind.startswith("unix:"):
        return
    until = time.monotonic() + patience
    while not _is_free(bind):
        if time.monotonic() > until:
            remedy = "If Kontobro is not running already, choose another port: KONTOBRO_BIND=127.0.0.1:8770."
            raise Busy(f"Another program already uses {bind}.", remedy)
        time.sleep(0.1)


def _is_free(bind: str) -> bool:
    host, _, port = bind.rpartition(":")
    try:
        where = socket.getaddrinfo(host.strip("[]") or None, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(where[0], where[1]) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(where[4])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise Misconfigured(
            f"Kontobro can't listen on {bind}: {said_of(error)}.",
            "Set KONTOBRO_BIND to an address of this machine.",
        ) from None
    return True


def _open_once(config: ServiceConfig, *, alone: bool) -> str:
    from kontobro.service.app import open_service_app
    from kontobro.worker.queues import is_shared, only_worker

    app = open_service_app(config)
    try:
        if alone and not is_shared(config):
            with only_worker(app):
                pass
        return _first_link(config, app)
    except Busy as busy:
        raise Busy(
            f"Kontobro is already running with this data folder. {busy.message}",
            "Only one process can use a data folder. Stop the other one, or set KONTOBRO_HOME to another folder.",
        ) from None
    finally:
        app.close()


def _first_link(config: ServiceConfig, app: App) -> str:
    """In local mode, before anyone has signed up: the link that lets one person do so."""
    from django.db import connections

    from kontobro.web.models import User

    if not config.local or config.signup_open:
        return ""
    try:
        migrate(app)
        return "" if User.objects.exists() else new_link(config, app.clock.now())
    finally:
        connections["default"].close()  # a fork follows
