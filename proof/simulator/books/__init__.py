"""The accounting systems of simulated worlds, what people do in them by hand, and an exporter's way to them."""
