"""What the service's pages and its worker share: configuration, the application of a process, logs, metrics."""
