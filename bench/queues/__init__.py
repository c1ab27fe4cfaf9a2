"""Two queues for the worker's tasks side by side, DBOS and procrastinate: `python -m bench.queues`."""
