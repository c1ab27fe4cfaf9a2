"""The web server: how the pages are served."""
