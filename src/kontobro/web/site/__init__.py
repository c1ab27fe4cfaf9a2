"""Pages of the whole site: errors, health, work in the background."""
