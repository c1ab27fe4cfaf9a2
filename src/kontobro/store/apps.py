"""The Django app: its tables are named `kontobro_...`."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "kontobro.store"
    label = "kontobro"
    default_auto_field = "django.db.models.BigAutoField"
