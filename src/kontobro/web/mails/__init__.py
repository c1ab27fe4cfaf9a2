"""Mails to members: who is told of what and when, what waits to be sent, and the way out of it."""
