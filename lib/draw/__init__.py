"""Pictures and tables of a case: what templates call; everything else is inside.

Every function takes a case first (`network` a case or what flows gives) and returns a piece that JupyterLab and the page show.
A DataFrame alone in a cell needs none of them: importing this package makes it look right.
"""

from lib.draw import tables as _tables
from lib.draw.balances import balances
from lib.draw.cards import cover
from lib.draw.clients import client_money, payout_sources, pooling
from lib.draw.district import district, shared
from lib.draw.leads import findings
from lib.draw.masking import mask_values
from lib.draw.money_network import network
from lib.draw.months import monthly
from lib.draw.ownership import lookthrough
from lib.draw.provenance import sources
from lib.draw.sankey import sankey
from lib.draw.timeline import timeline
from lib.draw.uses import uses

__all__ = [
    "balances",
    "client_money",
    "cover",
    "district",
    "findings",
    "lookthrough",
    "mask_values",
    "monthly",
    "network",
    "payout_sources",
    "pooling",
    "sankey",
    "shared",
    "sources",
    "timeline",
    "uses",
]

_tables.install()
