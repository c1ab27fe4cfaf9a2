"""What a person opens: connecting, settings, a sync, a check."""
