"""Names that may be one party's, found among many, against rapidfuzz comparing all with all; measured in one run.

    .venv/bin/python benchmarks/names.py [NAMES]

The names are drawn (no real companies). The peer is `rapidfuzz.process.cdist` with `fuzz.ratio`, all with all, on a sample of
10,000: its work grows with the square, so its time for all of them is its time for the sample times that square.
"""

import random
import sys
import time

import numpy as np
from rapidfuzz import fuzz, process

from lib.identity import names, pairing

SAMPLE = 10_000
PLACES = ["北京", "上海", "杭州", "郑州", "深圳", "广州", "成都", "武汉", "南京", "合肥"]
FIRST = "鑫嘉恒瑞盛泰荣宏博德信诚汇通达利丰源华兴"
TRADES = ["信息科技", "网络科技", "投资管理", "商务咨询", "实业发展", "电子商务", "贸易", "资产管理", "文化传媒", "融资租赁"]
FORMS = ("有限公司", "有限责任公司", "股份有限公司")


def drawn(count: int, seed: int = 1) -> list[str]:
    """Draw names: one in five is another one's, written with its place in brackets, without place, or with a slip."""
    drawing = random.Random(seed)
    made: list[str] = []
    while len(made) < count:
        proper = "".join(drawing.choice(FIRST + "螽淇鸲洹岑濮楝菡芡廪蠡颍") for _ in range(drawing.choice((2, 2, 3, 4))))
        place, trade, form = drawing.choice(PLACES), drawing.choice(TRADES), drawing.choice(FORMS)
        made.append(f"{place}{proper}{trade}{form}")
        if drawing.random() < 0.25:
            made.append(
                drawing.choice((f"{proper}({place}){trade}{form}", f"{proper}{trade}{form}", f"{place}{proper}{trade}"))
            )
    return made[:count]


def ours(texts: list[str]) -> tuple[float, int]:
    names.read.cache_clear()
    began = time.perf_counter()
    found = sum(1 for _ in pairing.pairs([names.read(text) for text in texts]))
    return time.perf_counter() - began, found


def main(count: int) -> None:
    texts = drawn(count)
    seconds, found = ours(texts)
    print(f"ours, {count:,} names: {seconds:.1f} s, {found:,} pairs")
    sample = texts[:SAMPLE]
    small, _ = ours(sample)
    began = time.perf_counter()
    near = sum(
        int(np.count_nonzero(process.cdist(sample[at : at + 500], sample, scorer=fuzz.ratio, score_cutoff=85) > 0))
        for at in range(0, len(sample), 500)
    )
    peer = time.perf_counter() - began
    print(f"ours, {len(sample):,} names: {small:.2f} s")
    print(f"cdist, all with all, {len(sample):,} names: {peer:.2f} s, {(near - len(sample)) // 2:,} pairs at ratio 85")
    scaled = peer * (count / len(sample)) ** 2
    print(
        f"ratio on the sample: {peer / small:.1f}; on all, peer scaled by the square ({scaled:,.0f} s): {scaled / seconds:.0f}"
    )


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 100_000)
