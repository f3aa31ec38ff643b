"""Lenders who are no lenders: insiders who fund their own listings, borrowers who lend to themselves."""

from typing import Any

from lib.district.acts import (
    WAN,
    Contract,
    lent,
    money,
    person,
)
from lib.district.books import Party
from lib.district.plots import Item, Scheme, Stage, Told

OWN_SHARE = 0.3  # FB-06: of a listing that insiders fund


def _insider(stage: Stage, savings: int) -> Party:
    """Return an officer or one of the staff with an account for savings."""
    platform = stage.platform
    who = (*platform.officers, *platform.staff)[int(stage.rng.integers(0, len(platform.officers) + len(platform.staff)))]
    return stage.books.bank_with(Party(who.id, who.name, company=False), platform.bank, platform.home, opening_fen=savings)


def _shared_listing(stage: Stage, total: int, own: int, of: Party | None) -> list[Contract]:
    """List what a person seeks; `own` of it is lent by one (the borrower, if none is named), the rest by two others."""
    start, borrower = stage.start(room=150), person(stage, opening_fen=own + 3_000_00)
    rest = total - own
    fens = [own, *(fen for fen in (rest // 2, rest - rest // 2) if fen)]
    made: list[Contract] = []
    for n, fen in enumerate(fens):
        by: dict[str, Any] = {"of": of or borrower} if n == 0 else {}
        project = made[0].project if made else None
        listed = {"amount_yuan": total}
        made.append(lent(stage, borrower, fen, start, "房屋装修", months=3, listed=listed, project=project, **by))
    return made


def _own_item(rule: str, made: list[Contract]) -> Item:
    rows = tuple(row for row in (made[0].project, made[0].row) if row)
    who = (*(row.id for row in rows), made[0].borrower.id, made[0].lender.id)
    return Item(rule, who, made[0].fen, made[0].start, made[0].start, rows, (made[0].deposit,))


def _self_buying(stage: Stage) -> Told:
    total, mille = 10 * WAN, min(stage.scaled(OWN_SHARE * 1000), 1000)
    own = total * mille // 1000
    of = _insider(stage, own + 5_000_00)
    made = _shared_listing(stage, total, own, of)
    return Told(
        f"平台内部人员{of.name}认购{made[0].borrower.name}的标的 {money(own)} 元, 占标的 {money(total)} 元的 {mille / 10:g}%。",
        f"{of.name} of the platform's own people funds {money(own)} yuan of {made[0].borrower.name}'s listing of "
        f"{money(total)}: {mille / 10:g} %.",
        (_own_item("FB-06", made),),
    )


def _small_savings(stage: Stage) -> Told:
    of = _insider(stage, 20_000_00)
    made = _shared_listing(stage, 6 * WAN, 6_000_00, of)
    return Told(
        f"平台内部人员{of.name}用自己的积蓄认购 60,000.00 元标的中的 6,000.00 元, 占 10%。",
        f"{of.name} of the platform's own people puts 6,000.00 yuan of savings into a listing of 60,000.00: 10 %.",
        (_own_item("FB-06", made),),
    )


def _same_person(stage: Stage) -> Told:
    own = min(round(8 * stage.size), 40) * 1_000_00
    made = _shared_listing(stage, 6 * WAN, own, None)
    who, item = made[0].borrower, _own_item("CF-04", made)
    return Told(
        f"{who.name}在自己 60,000.00 元的标的上又作为出借人出借 {money(own)} 元, 当天即收回。",
        f"{who.name} lends {money(own)} yuan to a listing of 60,000.00, {who.name}'s own, and has it back the same day.",
        (item,),
        tuple((rule, item.subjects) for rule in ("FB-06", "CF-01", "CF-02", "CF-03")),
    )


def _lent_then_borrowed(stage: Stage) -> Told:
    start, who = stage.start(room=420), person(stage, opening_fen=8_000_00)
    given = lent(stage, person(stage, opening_fen=3_000_00), 5_000_00, start, "房屋装修", months=3, of=who)
    taken = lent(stage, who, 6 * WAN, start + 170, "房屋装修")
    rows = (given.row, taken.row)
    return Told(
        f"{who.name}曾出借 5,000.00 元, 收回 {taken.start - given.last} 天后自己借款 60,000.00 元, 两者不重叠。",
        f"{who.name} once lent 5,000.00 yuan, and borrows 60,000.00 {taken.start - given.last} days after that was repaid.",
        (Item("CF-04", (who.id, given.id, taken.id), given.fen, given.start, taken.start, rows),),
    )


SCHEMES = (
    Scheme("self_buying", "自买自卖", "Insiders fund a listing", ("FB-06",), _self_buying, _small_savings),
    Scheme("same_person", "借款人即出借人", "Borrower is lender", ("CF-04",), _same_person, _lent_then_borrowed, sized=False),
)
