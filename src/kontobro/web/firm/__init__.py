"""What a firm does for many of its companies at once."""
