"""A process that calls Pleo as fast as its pace allows, for a while."""

from __future__ import annotations

import signal
import sys

from kontobro.service.app import open_service_app
from kontobro.service.config import read_config

if __name__ == "__main__":
    signal.alarm(60)
    app = open_service_app(read_config())
    connection = app.store.connection(sys.argv[1])
    assert connection
    pleo = app.pleo_for(connection)
    while True:
        pleo.introspect()
