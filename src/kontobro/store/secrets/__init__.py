"""Secrets: encrypted, and kept with their destination."""
