"""`python -m pleo_sandbox`."""

from pleo_sandbox.server import main

if __name__ == "__main__":
    raise SystemExit(main())
