"""Chinese names: what is one name, what is two, and what a person must decide."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from lib import parties
from lib.identity import comparing, names, pairing, reference

ORACLES = Path(__file__).parent / "oracles"
SHARED = Path(__file__).parents[1] / "../shared/rules/tests.yaml"
HAN = st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=8)


def labelled() -> list[dict[str, str]]:
    """Read pairs of invented names, labelled by hand: same, candidate or different, and why."""
    with (ORACLES / "name_pairs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def recall_precision(said: list[bool], true: list[bool]) -> tuple[float, float]:
    hits = sum(a and b for a, b in zip(said, true, strict=True))
    return hits / sum(true), hits / (sum(said) or 1)


def mean(recall: float, precision: float) -> float:
    """Return their harmonic mean."""
    return 2 * recall * precision / (recall + precision or 1)


def best_threshold(pairs: list[dict[str, str]], true: list[bool]) -> tuple[float, float, float]:
    """Return recall, precision and threshold of `fuzz.ratio` alone where their harmonic mean is largest."""
    scores = [fuzz.ratio(p["a"], p["b"]) for p in pairs]
    found = [(*recall_precision([s >= cut for s in scores], true), cut) for cut in sorted(set(scores))]
    return max(found, key=lambda f: mean(f[0], f[1]))


def test_the_labelled_pairs_are_told_better_than_by_similarity_or_by_exact_match(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = labelled()
    assert len(pairs) >= 300
    verdicts = [parties.compare(p["a"], p["b"])[0] for p in pairs]
    lines = []
    for what, labels in (("same", ("same",)), ("same or candidate", ("same", "candidate"))):
        true = [p["label"] in labels for p in pairs]
        ours = recall_precision([v in labels for v in verdicts], true)
        fuzzy = best_threshold(pairs, true)
        exact = recall_precision([p["a"] == p["b"] for p in pairs], true)
        lines.append(f"{what}: recall/precision {ours[0]:.3f}/{ours[1]:.3f}; rapidfuzz ratio >= {fuzzy[2]:.0f}: ")
        lines[-1] += f"{fuzzy[0]:.3f}/{fuzzy[1]:.3f}; exact match: {exact[0]:.3f}/{exact[1]:.3f}"
        assert mean(*ours) > max(mean(*fuzzy[:2]), mean(*exact))
        assert min(ours) >= 0.95
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    wrongly = [(p["a"], p["b"]) for p, v in zip(pairs, verdicts, strict=True) if v == "same" and p["label"] != "same"]
    assert wrongly == []  # a wrong candidate costs a look, a wrong merge an accusation


@pytest.mark.parametrize(("a", "b"), [("王伟", "王维"), ("鑫融", "鑫荣"), ("WANG WEI", "王伟")])
def test_names_that_sound_alike_are_two(a: str, b: str) -> None:
    assert not parties.same_name(a, b)
    assert parties.compare(a, b)[0] == "different"


def test_a_candidate_is_not_the_same_name() -> None:
    assert parties.compare("鑫融科技股份有限公司", "鑫融科技有限公司")[0] == "candidate"
    assert not parties.same_name("鑫融科技股份有限公司", "鑫融科技有限公司")
    assert parties.same_name("鑫融科技有限责任公司", "鑫融科技有限公司")


def test_reasons_are_said_in_the_process_language(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("上海鑫融科技有限公司", "鑫融科技有限公司")
    assert parties.compare(*asked) == ("candidate", "一方没有地名")
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert parties.compare(*asked) == ("candidate", "one names no place")


def test_a_name_that_is_missing_is_no_evidence() -> None:
    assert parties.compare("", "王伟")[0] == "candidate"
    assert not parties.same_name("", "")


@pytest.mark.parametrize(
    ("text", "core", "places", "form", "branch"),
    [
        ("鑫融（上海）信息科技有限公司", "鑫融信息科技", ("上海",), "limited", ""),
        ("北京市朝阳区鑫融股份有限公司", "鑫融", ("北京", "朝阳区"), "shares", ""),
        ("上海大同信息有限公司", "大同信息", ("上海",), "limited", ""),  # 大同 is no city of Shanghai
        ("中国银行股份有限公司郑州花园路支行", "银行", ("中国",), "shares", "郑州/花园路支行"),
        ("上海有限公司", "上海", (), "limited", ""),  # a place alone is the name
        ("霁衡投资中心(有限合伙)", "霁衡投资中心", (), "limited_partnership", ""),
    ],
)
def test_a_bodys_name_is_taken_apart(text: str, core: str, places: tuple[str, ...], form: str, branch: str) -> None:
    found = names.read(text)
    assert (found.kind, found.core, found.places, found.form, found.branch) == ("body", core, places, form, branch)


@given(HAN, HAN)
def test_whichever_name_comes_first_the_answer_is_one(a: str, b: str) -> None:
    assert comparing.written(a, b) == comparing.written(b, a)
    assert comparing.written(a, a).verdict in ("same", "candidate")


@given(HAN)
def test_bringing_a_name_into_one_writing_twice_changes_nothing(text: str) -> None:
    assert names.normal(names.normal(text)) == names.normal(text)


def test_pairs_are_those_that_comparing_all_with_all_would_find() -> None:
    texts = sorted({p[side] for p in labelled() for side in ("a", "b")})
    read = [names.read(text) for text in texts]
    every = {
        (i, j)
        for i in range(len(read))
        for j in range(i + 1, len(read))
        if comparing.compare(read[i], read[j]).verdict != "different" and "*" not in read[i].core + read[j].core
    }
    found = {(i, j) for i, j, _ in pairing.pairs(read)}
    assert found <= every
    missed = {(texts[i], texts[j]) for i, j in every - found}
    assert len(missed) <= 0.03 * len(every), missed


def test_comparing_grows_with_the_names_and_not_with_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    inner: Callable[..., comparing.Compared] = comparing.compare
    monkeypatch.setattr(comparing, "compare", lambda a, b: compared.append(1) or inner(a, b))
    first = [chr(0x4E00 + n) + chr(0x5000 + n) for n in range(500)]
    assert list(pairing.pairs([names.read(f"上海{name}科技有限公司") for name in first])) == []
    assert len(compared) < len(first)  # all with all is 124,750


def test_a_common_name_is_paired_only_with_a_hint() -> None:
    same = [names.read("王伟") for _ in range(7)]
    assert len(list(pairing.pairs(same))) == 7 * 6 // 2
    hints = [["phone 1"] if n in (2, 5) else [] for n in range(7)]
    assert [(i, j) for i, j, _ in pairing.pairs(same, 5, hints)] == [(2, 5)]


@pytest.mark.parametrize("name", ["places", "legal_forms", "industry_words", "surnames", "traditional", "variants"])
def test_reference_data_say_where_they_come_from(name: str) -> None:
    assert len(reference.source(name)) > 20
    assert reference.rows(name)


def test_the_table_of_traditional_script_is_what_opencc_makes() -> None:
    opencc = pytest.importorskip("opencc", reason="opencc, from which the table was made, is not installed")
    convert = opencc.OpenCC("t2s").convert
    wrong = [chr(c) for c, to in reference.simplified().items() if convert(chr(c)) != to]
    assert wrong == []


def test_the_checksums_of_the_domains_oracles_are_sound_keys() -> None:
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not beside the checkout")
    line = next(text for text in SHARED.read_text(encoding="utf-8").splitlines() if text.startswith("checksums:"))
    from lib.schema import named_sql
    from lib.store import scratch

    number, code = (line.split(f"{key}: ")[1].split(",")[0].strip(" '}") for key in ("id_mod11_2", "uscc_mod31"))
    with scratch() as store:
        store.execute(named_sql("check_digits"))
        (row,) = store.arrow("select identity_reason($n) as n, uscc_reason($c) as c", n=number, c=code).to_pylist()
        assert row == {"n": None, "c": None}
        old = number[:6] + number[8:17]  # the 15 digits that were given before 1999
        assert store.arrow("select identity_18($old) as n", old=old)["n"].to_pylist() == [number]


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ("鑫融科技有限公司北京分公司", "鑫融科技有限公司(北京)分公司", "same"),
        ("鑫融科技有限公司北京分公司", "鑫融科技有限公司(上海)分公司", "different"),
        ("鑫融1号投资合伙企业(有限合伙)", "鑫融一号投资合伙企业(有限合伙)", "candidate"),
        ("鑫融十二号投资合伙企业(有限合伙)", "鑫融12号投资合伙企业(有限合伙)", "candidate"),
        ("鑫融2号投资合伙企业(有限合伙)", "鑫融一号投资合伙企业(有限合伙)", "different"),
    ],
)
def test_the_place_of_a_branch_may_stand_in_brackets_and_numerals_be_written_in_digits(a: str, b: str, verdict: str) -> None:
    assert comparing.compare(names.read(a), names.read(b)).verdict == verdict
