"""Settings as text, checked against an accounting system, and suggested from its chart."""
