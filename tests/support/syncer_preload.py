"""Preloaded by the process that syncers are forked from: all that takes long is up before the first order."""

from __future__ import annotations

import tempfile
from importlib import resources
from pathlib import Path

import httpx2

from kontobro.core.model.masterdata import Vendor
from kontobro.erp.registry import load_connector
from kontobro.store import open_store
from tests.support import syncer_process
from tests.support.warm_ledgers import share_warm_ledgers

assert syncer_process.PROCESSES

share_warm_ledgers()
httpx2.Client().close()
with tempfile.TemporaryDirectory() as folder:
    open_store(Path(folder) / "warm.sqlite3").close()
    demo = Path(str(resources.files("kontobro.erp.beancount") / "demo"))
    list(load_connector("beancount", {"ledger": str(demo / "ledger.beancount")}).read(Vendor))
