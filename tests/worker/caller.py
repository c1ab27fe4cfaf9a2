"""A process that calls Pleo as fast as its pace allows, for a while."""

from __future__ import annotations

import signal
import sys

from kontobro.service.config import read_config
from kontobro.service.home import open_service_home

if __name__ == "__main__":
    signal.alarm(60)
    home = open_service_home(read_config())
    connection = home.store.connection(sys.argv[1])
    assert connection
    pleo = home.pleo_for(connection)
    while True:
        pleo.introspect()
