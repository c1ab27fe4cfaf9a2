"""Pleo-in-a-box in a simulated world: requests, logins and webhooks, each with what goes wrong on the way."""
