"""The core: plain synchronous Python, standard library only, no clock and no I/O of its own."""
