"""Pleo in a box: an imitation of Pleo, written from Pleo's contract alone and never friendlier than Pleo.

`Sandbox` holds the state and its controls, `pleo_sandbox.app.create_app` is the ASGI application over it,
`pleo_sandbox.server.serve` runs it on loopback.
"""
