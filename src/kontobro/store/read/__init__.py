"""What pages read: overview, problems, pages of rows."""
