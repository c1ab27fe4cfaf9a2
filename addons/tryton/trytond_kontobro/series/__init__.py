"""What differs between the series of Tryton that the module runs in, and nothing else of it does: 7.0 LTS and 8.2.

Both files have the same names:

    SERIES             7.0 or 8.2; this one is here
    config             Tryton's configuration
    waiting_cursor     a cursor of the driver, in transactions where two writers wait for each other
    connect            a connection beside Tryton's pool
    Route, Router, Rule, pages    pages for browsers, under the same addresses
    Watched            records that are asked before someone changes them
    at_end             what cron's process does before it ends
    is_administrator   who may do everything

7.0 has `register_listed` besides.
"""

from __future__ import annotations

from trytond import __version__

SERIES = ".".join(__version__.split(".")[:2])

if SERIES == "7.0":
    from .v7_0 import (
        Route,
        Router,
        Rule,
        Watched,
        at_end,
        config,
        connect,
        is_administrator,
        pages,
        waiting_cursor,
    )
else:
    from .v8_2 import (
        Route,
        Router,
        Rule,
        Watched,
        at_end,
        config,
        connect,
        is_administrator,
        pages,
        waiting_cursor,
    )

__all__ = [
    "SERIES",
    "Route",
    "Router",
    "Rule",
    "Watched",
    "at_end",
    "config",
    "connect",
    "is_administrator",
    "pages",
    "waiting_cursor",
]
