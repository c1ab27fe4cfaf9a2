"""The whole ledger, loaded by Beancount in a process of its own."""
