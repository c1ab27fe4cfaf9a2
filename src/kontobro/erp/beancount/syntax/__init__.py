"""Beancount as text: what we write, and how what we wrote is read again."""
