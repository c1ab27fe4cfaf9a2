"""One process, virtual time, a seed: the engine, its store, Pleo-in-a-box and an accounting system under every fault.

No production code knows that it is simulated. A seed makes a world (`world`), and a plan of what goes wrong at which
crossing of a seam (`plan`); workers (`worker`) export in it until nothing is left to do, and both sides are compared
without our store (`judge`).
"""
