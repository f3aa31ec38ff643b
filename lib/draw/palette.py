"""The page's colours (lib/page/page.css, light and dark), each with what stands for it where there is no page."""

INK, SOFT, PAPER = "var(--ink,#1b2430)", "var(--soft,#58626f)", "var(--paper,#ffffff)"
ACCENT, COMPANY = "var(--accent,#1d4f7c)", "var(--net-company,#7aa0c4)"
PERSON, STATE, LOOP = "var(--net-person,#c98f4e)", "var(--net-2,#5f9a7e)", "var(--net-hub,#6d5b8c)"
EDGE, BACK, LINE = "var(--net-edge,#97a1ae)", "var(--net-hit,#b3261e)", "var(--line,#d8dce2)"
FONT = '"Lookthrough Sans","Noto Sans CJK SC",sans-serif'
# By what an account is to the case (money_network.LOOKS).
GROUPS = {
    "own": "var(--net-target,#1d4f7c)",
    "related": PERSON,
    "borrower": COMPANY,
    "hub": LOOP,
    "other": "var(--net-account,#8a94a3)",
    "unknown": "var(--net-unknown,#c9ced6)",
}
