"""A connector within Odoo in a process of its own, which has nothing loaded yet."""

from __future__ import annotations

from kontobro.core.ports import Connector


def connector_elsewhere(conf: str, database: str, user: int) -> Connector:
    import odoo.modules.module
    from odoo.tools import config

    config.parse_config(["-c", conf, "--log-level", "critical"])
    odoo.modules.module.initialize_sys_path()
    from odoo.addons.kontobro_odoo.inside.app import connector_of

    return connector_of(database, user, 1, "http://odoo.test")
