"""Where Pleo sends a browser: to start connecting, and back from its consent page."""

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from kontobro.pleo import ENVIRONMENTS

from ..wizards.connect_oauth import CALLBACK

MANAGER = "kontobro_odoo.group_manager"
HEADERS = [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]
"""The address of the way back holds a code: no one keeps it or passes it on."""


class Pleo(http.Controller):
    @http.route("/kontobro/pleo/start", type="http", auth="user", methods=["GET"])
    def start(self, environment="", **_ignored):
        """Where Pleo's Connect button leads: to the wizard, with OAuth chosen. Nothing that Pleo sends is believed."""
        if not _is_manager():
            return _refused()
        wizard = request.env["kontobro.connect"]._begun(environment if environment in ENVIRONMENTS else "")
        return _on_to(f"connect_page_action/{wizard.id}")

    @http.route(CALLBACK, type="http", auth="user", methods=["GET"])
    def callback(self, **answer):
        """Pleo's answer. One that no one here waits for is refused without a word about whose it is."""
        if not _is_manager():
            return _refused()
        try:
            wizard = request.env["kontobro.connect"]._awaiting(answer.get("state", ""))
        except UserError as fault:
            return _page(str(fault))
        if not wizard:
            return _page(_unknown())
        try:
            number = wizard._come_back(answer)
        except UserError as fault:
            return _page(str(fault), f"connect_page_action/{wizard.id}")
        return _on_to(f"connection_action/{number}")


def _is_manager():
    return request.env.user.has_group(MANAGER)


def _refused():
    message = request.env._("Only a Pleo administrator (Settings > Users) can connect this company to Pleo.")
    return _page(message, status=403)


def _unknown():
    return request.env._(
        "This answer from Pleo can't be used. An answer is valid once, within 15 minutes, for the same user, in "
        "the same browser and at the same address of Odoo. Connect again, from %s.",
        request.env["ir.config_parameter"].sudo().get_param("web.base.url", ""),
    )


def _on_to(screen):
    return _discreet(request.redirect(f"/odoo/action-kontobro_odoo.{screen}"))


def _page(message, screen="connection_action", status=400):
    """A fault in words, and a way back."""
    back = "/odoo" if status == 403 else f"/odoo/action-kontobro_odoo.{screen}"
    return _discreet(request.render("kontobro_odoo.pleo_page", {"told": message, "back": back}, status=status))


def _discreet(response):
    response.headers.extend(HEADERS)
    return response
