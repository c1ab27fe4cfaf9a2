"""Serving the pages by gunicorn: alone with a worker inside (`kontobro serve`), or many processes that only ask."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from kontobro.core.errors import Misconfigured
from kontobro.service.config import ServiceConfig
from kontobro.service.metrics.folder import forget_process, metrics_folder
from kontobro.service.outage import wait_out
from kontobro.service.reach import require_bound, require_pages_known, require_place
from kontobro.web.server.apart import apart
from kontobro.web.server.ready import look_ahead
from kontobro.web.server.start import begin, migrate, set_up

if TYPE_CHECKING:
    from kontobro.bootstrap import App
    from kontobro.worker.serving import Worker

log = logging.getLogger(__name__)

TIMEOUT = 120
"""Seconds that a process may give no sign of life. A page may take longer: it has a thread of its own."""

STOPPING = 5
"""Seconds that `kontobro serve` waits at its end for work under way: a person sits there, and it continues at the next
start. (`kontobro worker` waits longer: others take over only what it leaves.)"""

MAILS_EVERY, MISSED_EVERY = 60.0, 600.0
"""Seconds between two looks for mails to send, and for what no one was told of."""

End = Callable[[], None]


class Pages(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured by us alone: no file, no command line of its own."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._given = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._given.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        set_up()
        from kontobro.web.server.wsgi import application

        return application


def serve(config: ServiceConfig, ready: Callable[[str], None]) -> None:
    """Pages and worker in one process, until SIGTERM or SIGINT: SQLite is enough for it.

    `ready` is called once it serves, with the link of a first visit (empty: none is due). Raises what `look_ahead`
    finds.
    """
    link = apart(lambda: look_ahead(config, alone=True))

    def begin_both() -> End:
        end = _begin_working(config)
        ready(link)
        return lambda: _leave(end)

    Pages(options_of(config, 1, begin_both) | {"graceful_timeout": STOPPING + 3}).run()


def _leave(end: End) -> None:
    """End in order, and go: threads of work that was cut short would hold the process until it is killed."""
    end()
    logging.shutdown()
    os._exit(0)


def serve_pages(config: ServiceConfig, ready: Callable[[str], None]) -> None:
    """Pages only, in several processes; `ready` as for `serve`, just before they begin.

    Raises Misconfigured without PostgreSQL: workers are elsewhere.
    """
    if not config.database_url.get_secret_value():
        raise Misconfigured(
            "kontobro web needs PostgreSQL, because its workers run in other processes.",
            "Set KONTOBRO_DATABASE_URL, or use kontobro serve (one process with SQLite).",
        )
    ready(apart(lambda: look_ahead(config, alone=False)))
    with metrics_folder():
        Pages(options_of(config, config.processes, lambda: _begin_asking(config))).run()


def options_of(config: ServiceConfig, processes: int, start: Callable[[], End]) -> dict[str, Any]:
    """gunicorn's settings. `start` runs in each process after the fork; what it answers runs at its end."""
    ends: list[End] = []

    def stop(*_: Any) -> None:
        while ends:
            ends.pop()()

    return {
        "bind": config.bind,
        "workers": processes,
        "worker_class": "kontobro.web.server.buffered.Buffered",
        "threads": config.threads,
        "timeout": TIMEOUT,
        "graceful_timeout": 40,
        "loglevel": "warning",
        "logger_class": "kontobro.service.logging.gunicorn.GunicornLogs",
        "accesslog": None,
        "control_socket_disable": True,
        "when_ready": lambda server: require_bound(config, [one.sock.getsockname() for one in server.LISTENERS]),
        "post_worker_init": lambda _: ends.append(start()),
        "worker_exit": lambda _server, _worker: stop(),
        "child_exit": lambda _, child: forget_process(child.pid),
    }


def _begin_working(config: ServiceConfig) -> End:
    from kontobro.web.demo.company import note_ended

    worker = wait_out(lambda: _open_working(config))
    begin(worker.app, worker.runner)
    note_ended(worker.app)
    log.info("serving", extra={"url": config.public_url})
    return lambda: worker.stop(STOPPING)


def _open_working(config: ServiceConfig) -> Worker:
    from kontobro.web.organisation.notices import WorkNotices
    from kontobro.web.tenancy import organisation_of
    from kontobro.worker.chores import Chore
    from kontobro.worker.serving import start_in_process

    app = _open_app(config)
    notices = WorkNotices(config, app)
    chores = (Chore(MAILS_EVERY, notices.send_due), Chore(MISSED_EVERY, notices.catch_up))
    return start_in_process(config, app=app, listeners=(notices,), owner=organisation_of, chores=chores)


def _open_app(config: ServiceConfig) -> App:
    """The app of a service with its tables; closes what it opened when that can't be done."""
    from kontobro.service.app import open_service_app
    from kontobro.web.tenancy import organisation_of

    with ExitStack() as opened:
        app = open_service_app(config, owner=organisation_of)
        opened.callback(app.close)
        migrate(app)
        opened.pop_all()
    return app


def work(config: ServiceConfig) -> None:
    """Work for pages that are served elsewhere, until SIGTERM or SIGINT; tell people, and show figures if asked to."""
    require_place(config)
    require_pages_known(config)
    set_up()
    from kontobro.service.metrics.counters import serve_metrics
    from kontobro.worker.serving import run_worker

    server = serve_metrics(config.metrics_bind)[0] if config.metrics_bind else None
    try:
        run_worker(config, start=lambda: _open_working(config))
    finally:
        if server is not None:
            server.shutdown()


def _begin_asking(config: ServiceConfig) -> End:
    from kontobro.web.tenancy import organisation_of
    from kontobro.worker.asking import open_client_runner

    with ExitStack() as opened:
        app = wait_out(lambda: _open_app(config))
        opened.callback(app.close)
        runner = wait_out(lambda: open_client_runner(config, app.store, organisation_of))
        opened.callback(runner.close)
        begin(app, runner)
        return opened.pop_all().close
