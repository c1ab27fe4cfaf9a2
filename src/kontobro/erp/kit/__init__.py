"""What connectors share: HTTP with refusals and patience, and the guard around each of them."""
