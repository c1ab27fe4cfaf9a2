"""What the service's pages and its worker share: configuration, the open home of a process, logs, metrics."""
