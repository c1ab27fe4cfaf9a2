"""The whole sandbox: companies, jobs, deliveries, files."""
