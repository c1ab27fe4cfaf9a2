"""The tie-out collected from Pleo and the accounting system, and as a sheet."""
