"""The demo company: Pleo-in-a-box within the service, connected to a ledger of its own, removed as a whole."""
