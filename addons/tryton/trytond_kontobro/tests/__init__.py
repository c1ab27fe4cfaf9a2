"""Tests of the module, on a database on PostgreSQL that has it: `tests/addons/tryton` makes one and runs them."""

import os

from trytond import __version__, config

if __version__.startswith("7.0."):
    config = config.config

# Before anything of Tryton that reads it is imported, also in the processes that tests start.
config.update_etc(os.environ["KONTOBRO_TRYTOND_CONF"])
