"""Pages of a connection: its state, settings, master data, and the webhooks for it."""
