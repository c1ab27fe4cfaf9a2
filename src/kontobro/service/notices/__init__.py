"""Notices: mail and outgoing webhooks."""
