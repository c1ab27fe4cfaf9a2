"""The demo company: Pleo-in-a-box as a process, and a ledger for it."""
