"""Getting the pages ready: Django set up, their tables up to date, this process's home and runner at hand."""

from __future__ import annotations

import gc
import os

import django

from kontobro.bootstrap import App
from kontobro.core.ports.runner import Runner
from kontobro.web.process import process

PATIENCE = 60
"""Seconds to wait for another process that brings the tables up to date."""

COLLECTED = 10_000, 3, 30
"""When Python's garbage collection looks (`gc.set_threshold`): after so many objects that were made and are still
there, at these; each third time at those that it left before, too, and each thirtieth time of that at all. A page of
thousands of companies makes a hundred thousand. More would be quicker still, and the process would grow by what has not
been collected yet."""


def set_up() -> None:
    """Set Django up with the service's settings. Before the store is opened: it takes what is set up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kontobro.web.settings")
    django.setup()


def migrate(app: App) -> None:
    """Bring the pages' own tables up to date; the store has done so with its own. Several processes may start."""
    from django.core.management import call_command
    from django.db import connections

    connections["default"].close()  # it may be one that broke at the try before
    with app.store.lock("web-tables", wait=PATIENCE):
        call_command("migrate", database="default", verbosity=0, interactive=False)
        call_command("createcachetable", database="default", verbosity=0)


def begin(app: App, runner: Runner) -> None:
    """From here on pages work with these.

    What was loaded until now stays to the end: left out of Python's garbage collection, which otherwise looks at all of
    it (80 ms) every few hundred pages, while someone waits for one. Of what a page makes, rarely: most of it is gone
    by then, and a list of thousands of companies is not looked at sixty times while it grows.
    """
    process.use(app, runner)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)
