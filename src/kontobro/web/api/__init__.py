"""The API for read-only figures: tokens, their page, the endpoints under `/api/v1/`."""
