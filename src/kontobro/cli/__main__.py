"""`python -m kontobro.cli`."""

from kontobro.cli import main

main()
