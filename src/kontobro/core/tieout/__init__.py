"""The tie-out: Pleo's amounts beside what the accounting system holds."""
