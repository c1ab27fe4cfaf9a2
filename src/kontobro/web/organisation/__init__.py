"""Pages of an organisation: overview, notifications, privacy, audit trail."""
