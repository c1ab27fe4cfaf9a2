"""Real accounting systems on this machine: how they are installed, started, and shown."""
