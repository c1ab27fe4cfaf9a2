"""The pages: Django views over the same core as the command line."""
