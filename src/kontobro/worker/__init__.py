"""The worker: DBOS behind the Runner port. Only here is DBOS imported, and only when something is opened.

A process that asks imports `asking`; one that works, `serving`. Inside an accounting system, where neither DBOS nor
Django is installed, `pieces` can be imported all the same: this package imports nothing on its own.
"""
