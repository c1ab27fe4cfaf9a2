"""Beancount: one company in a folder of text files (`docs/connectors/beancount.md`)."""
