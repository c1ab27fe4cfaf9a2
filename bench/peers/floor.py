"""A pipeline of dlt that puts the same entries into tables of PostgreSQL. It books nothing: a floor, no peer.

`python -m bench.peers.floor URL FILE`; dlt is no requirement of ours, see bench/README.md. Prints seconds and CPU.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory


def installed() -> bool:
    return find_spec("dlt") is not None


def main(url: str, file: str) -> None:
    rows = json.loads(Path(file).read_text())
    with TemporaryDirectory() as folder:
        os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": folder}
        dlt = import_module("dlt")
        to = dlt.destinations.postgres(credentials=url)
        pipeline = dlt.pipeline("bench", destination=to, dataset_name="bench", pipelines_dir=folder)
        began, spent = time.perf_counter(), time.process_time()
        pipeline.run(rows, table_name="entries").raise_on_failed_jobs()
        print(json.dumps([time.perf_counter() - began, time.process_time() - spent]))


if __name__ == "__main__":
    main(*sys.argv[1:])
