"""What a connector's author needs to prove a connector: the contract suite, its entries, an example."""
