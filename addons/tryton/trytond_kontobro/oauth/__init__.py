"""Connecting by OAuth: what is kept while a browser is at Pleo, and the pages on its way."""
