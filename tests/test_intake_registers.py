"""Exports of services that republish the business register: cells as ="…", a line of the service above the header."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.deliveries import Delivery

SHAREHOLDERS = (
    "企业名称,股东名称,股东类型,股份类型,持股数（股）,认缴出资额,认缴出资日期,间接持股比例,首次持股日期,关联产品/机构"
)
INVESTMENTS = "企业名称,被投资企业名称,状态,成立日期,持股比例,认缴出资额,最终受益股份,所属地区,所属行业,关联产品/机构"


def written(*rows: list[str]) -> bytes:
    """Lines of the service, then rows as the export writes them."""
    lines = [",".join(f'"{cell}"' if "," in cell else f'="{cell}"' for cell in row) for row in rows]
    return "\r\n".join(["某查询服务 声明,", "", *lines, ""]).encode("gb18030")


def holdings(made: Delivery, columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in made.rows(f"select {columns} from holdings order by line")]


def test_shareholders_of_a_listed_company_hold_shares_of_which_the_fraction_is_not_told(tmp_path: Path) -> None:
    header = SHAREHOLDERS.split(",")
    rows = [
        ["甲公司", "张三", "自然人股东", "流通A股", "28,843,500", "-", "-", "1.4726%", "2017-01-02", "-"],
        ["甲公司", "乙公司", "企业法人", "", "", "6500万元人民币", "2030-01-01", "-", "-", "-"],
        ["甲公司", "丙公司", "企业法人", "", "", "6500", "-", "-", "-", "-"],
    ]
    made = Delivery(tmp_path).write(a=written(header, *rows))
    made.bring()
    assert made.column("select profile_id from sources") == ["registers.shareholders"]
    assert holdings(made, "holder_id, held_id, share, subscribed_yuan, cast(valid_from as text)") == [
        ("名称:张三", "名称:甲公司", None, None, "2017-01-02"),
        ("名称:乙公司", "名称:甲公司", None, Decimal("65000000.00"), None),
    ]
    assert "单位" in made.reasons()[6]


def test_what_a_company_has_invested_in_is_held_by_it_and_not_the_other_way_round(tmp_path: Path) -> None:
    header = INVESTMENTS.split(",")
    row = ["甲公司", "乙公司", "存续", "2016-11-24", "51%", "510万元人民币", "51%", "某市", "某业", "-"]
    made = Delivery(tmp_path).write(a=written(header, row))
    made.bring()
    assert made.column("select profile_id from sources") == ["registers.investments"]
    assert holdings(made, "holder_id, held_id, share, subscribed_yuan") == [
        ("名称:甲公司", "名称:乙公司", 0.51, Decimal("5100000.00"))
    ]
