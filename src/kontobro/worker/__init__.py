"""The worker: DBOS behind the Runner port (`core/runner.py`). Nothing below imports it."""
