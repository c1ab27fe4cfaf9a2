"""A package that someone else wrote: on `sys.path` with its metadata beside it, it is as good as installed."""

from kontobro.erp.kit.registration import COMPANY, Option, Registration

REGIONS = (("eu", "Europe"), ("us", "America"))

CONNECTOR = Registration(
    label="NorthBook",
    factory="kontobro_northbook.connector:from_options",
    install="pip install kontobro-northbook",
    options=(
        Option("server", "server", "address", help="As in your browser, without a path."),
        Option("region", "region", "choice", "Where NorthBook keeps the company.", choices=REGIONS),
        Option("archive", "folder for copies", "path", required=False),
        Option("note", "note on each entry", required=False),
        COMPANY,
        Option("token", "access token", "secret", help="NorthBook: Settings > API."),
    ),
)
