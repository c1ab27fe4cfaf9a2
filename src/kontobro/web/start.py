"""Getting the pages ready: Django set up, every table up to date, this process's home and runner at hand."""

from __future__ import annotations

import os

import django

from kontobro.bootstrap import Home, open_home
from kontobro.core.runner import Runner
from kontobro.service.config import ServiceConfig, config
from kontobro.web.places import places

PATIENCE = 60
"""Seconds to wait for another process that brings the tables up to date."""


def set_up() -> None:
    """Set Django up with the service's settings. Before the store is opened: it takes what is set up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kontobro.web.settings")
    django.setup()


def open_service(given: ServiceConfig | None = None) -> Home:
    """Open the home of the service and bring all tables up to date; several processes may start at once."""
    set_up()
    used = given or config()
    home = open_home(used.home, database=used.database)
    migrate(home)
    return home


def migrate(home: Home) -> None:
    """Bring the pages' own tables up to date; the store has done so with its own."""
    from django.core.management import call_command

    with home.store.lock("web-tables", wait=PATIENCE):
        call_command("migrate", database="default", verbosity=0, interactive=False)
        call_command("createcachetable", database="default", verbosity=0)


def begin(home: Home, runner: Runner) -> None:
    """From here on pages work with these."""
    places.use(home, runner)
