"""The Django app: its tables are named `kontobro_web_...`."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "kontobro.web"
    label = "kontobro_web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for place in ("mails", "demo"):
            import_module(f"kontobro.web.{place}.tables")  # models beside what they are for
