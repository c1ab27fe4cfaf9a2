"""Is everything in order: the installation, its data folder, a connection."""
