"""The Store: read-only for readers, replaced as a whole by one writer at a time, and plain about what is wrong with it."""

import datetime as dt
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import BadParameter, DataGap
from lib import schema as schema_module
from lib import store as store_module
from lib.drafts import next_version
from lib.schema import schema
from lib.store import MONEY, frame, open_store
from tests.conftest import MakeStore

LISTED_TYPES = {"text", "text[]", "date", "timestamp", "double", "boolean", "integer", "bigint"}


def add_party(path: Path, party_id: str) -> None:
    with next_version(path) as store:
        store.execute("insert into parties (party_id) values ($id)", id=party_id)


def party_ids(path: Path) -> list[str]:
    return open_store(path).arrow("select party_id from parties order by all")["party_id"].to_pylist()


def litter(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name not in {"store.duckdb", ".store.duckdb.lock"})


def test_a_reader_sees_the_new_version_when_it_opens_again(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    assert party_ids(path) == ["A"]
    add_party(path, "B")
    assert party_ids(path) == ["A", "B"]


def test_an_open_handle_keeps_answering_from_the_version_it_opened(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    old = open_store(path)
    add_party(path, "B")
    assert old.counts()["parties"] == 1
    assert open_store(path).counts()["parties"] == 2


def test_a_version_published_by_another_process_is_seen(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    assert party_ids(path) == ["A"]
    code = (
        "import sys; from pathlib import Path; from lib.drafts import next_version\n"
        "with next_version(Path(sys.argv[1])) as s: s.execute(\"insert into parties (party_id) values ('B')\")"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert party_ids(path) == ["A", "B"]


def test_a_block_that_fails_leaves_the_old_file_and_no_litter(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    before = path.read_bytes()

    def write_and_fail() -> None:
        with next_version(path) as store:
            store.execute("insert into parties (party_id) values ('B')")
            raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError, match="on fire"):
        write_and_fail()
    assert path.read_bytes() == before
    assert litter(path.parent) == []


def test_a_first_version_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with pytest.raises(RuntimeError), next_version(path):
        raise RuntimeError
    assert not path.exists()
    assert litter(tmp_path) == []


def test_what_a_killed_writer_left_is_swept_away(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    (path.parent / ".store.duckdb.next").write_bytes(b"half a file")
    (path.parent / ".store.duckdb.next.wal").write_bytes(b"half a log")
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    spill = path.parent / f".spill-{ended.stdout.strip()}"
    spill.mkdir()
    (spill / "temp").write_bytes(b"rows of somebody")
    add_party(path, "B")
    assert party_ids(path) == ["A", "B"]
    assert litter(path.parent) == []


@pytest.mark.parametrize("name", [".spill-abc", ".spill-", ".spill-12x", ".spill-99999999999999999999"])
def test_what_only_looks_like_a_leftover_is_left_alone(make_store: MakeStore, name: str) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    (path.parent / name).mkdir()
    add_party(path, "B")
    assert party_ids(path) == ["A", "B"]
    assert (path.parent / name).is_dir()


def test_a_second_writer_is_refused_while_the_first_one_writes(make_store: MakeStore) -> None:
    path = make_store()
    with next_version(path), pytest.raises(DataGap) as refused:
        add_party(path, "B")
    assert "另一个导入正在写" in str(refused.value)
    assert "Another import is writing" in refused.value.en


def test_readers_are_not_held_up_by_a_writer(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    with next_version(path) as draft:
        draft.execute("insert into parties (party_id) values ('B')")
        assert party_ids(path) == ["A"]
    assert party_ids(path) == ["A", "B"]


def test_rebuilding_starts_from_nothing(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    with next_version(path, rebuild=True) as draft:
        assert draft.counts()["parties"] == 0
        draft.execute("insert into store_meta values ('again', 'test', $schema)", schema=store_module.SCHEMA_VERSION)
    assert open_store(path).version == "again"


def test_readers_cannot_change_the_store(make_store: MakeStore) -> None:
    store = open_store(make_store())
    with pytest.raises(BadParameter, match="read-only"):
        store.sql("insert into parties (party_id) values ('B')")


@pytest.mark.parametrize(
    "query",
    ["select * from '/etc/passwd'", "select * from read_csv('/etc/passwd')", "attach '/tmp/x.db'", "set memory_limit = '1GB'"],
)
def test_queries_reach_no_other_file_and_no_setting(make_store: MakeStore, query: str) -> None:
    with pytest.raises(BadParameter):
        open_store(make_store()).sql(query)


def test_temporary_tables_belong_to_one_handle(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    one, other = open_store(path), open_store(path)
    one.derive("scope", one.arrow("select party_id from parties"))
    assert one.arrow("select count(*) as n from scope").to_pylist() == [{"n": 1}]
    with pytest.raises(BadParameter, match="scope"):
        other.sql("select * from scope")


def test_what_was_worked_out_once_is_shared_by_the_handles_of_one_version_only(make_store: MakeStore) -> None:
    path = make_store()
    open_store(path).memo["solved"] = 1
    assert open_store(path).memo["solved"] == 1
    add_party(path, "B")
    assert "solved" not in open_store(path).memo


@pytest.mark.parametrize("content", [b"", b"not a database", b"\0" * 20_000], ids=["empty", "text", "zeros"])
def test_a_damaged_store_says_so_in_one_line_and_how_to_rebuild_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(content)
    with pytest.raises(DataGap) as refused:
        open_store(path)
    for text in (refused.value.zh, refused.value.en):
        assert "\n" not in str(refused.value)
        assert str(path) in text
        assert "lookthrough import --rebuild" in text


def test_a_store_cut_short_is_refused(make_store: MakeStore) -> None:
    path = make_store(parties=[{"party_id": "A"}])
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(DataGap, match="已损坏"):
        open_store(path)


def test_a_damaged_store_is_not_built_upon(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(b"not a database")
    with pytest.raises(DataGap, match="已损坏"):
        add_party(path, "B")
    assert path.read_bytes() == b"not a database"


def test_a_store_of_another_schema_is_refused(make_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_store()
    monkeypatch.setattr(store_module, "SCHEMA_VERSION", store_module.SCHEMA_VERSION + 1)
    with pytest.raises(DataGap, match="其他版本"):
        open_store(path)


def test_a_store_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DataGap) as refused:
        open_store(tmp_path / "none.duckdb")
    assert "lookthrough import" in refused.value.zh
    assert "lookthrough import" in refused.value.en


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere; permissions differ on Windows")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataGap, match="未能写入"):
        add_party(tmp_path / "store.duckdb", "B")
    tmp_path.chmod(0o700)


def test_a_query_that_cannot_be_run_is_one_line(make_store: MakeStore) -> None:
    with pytest.raises(BadParameter) as refused:
        open_store(make_store()).sql("select no_such_column from parties")
    assert "no_such_column" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_parameter_that_is_not_used_is_an_error(make_store: MakeStore) -> None:
    with pytest.raises(BadParameter):
        open_store(make_store()).sql("select 1 where 1 > $low", low=0, hihg=2)


def test_paths_with_quotes_and_spaces_are_only_names(tmp_path: Path) -> None:
    path = tmp_path / "o'clock; drop table 库" / "a b.duckdb"
    with next_version(path) as store:
        store.execute("insert into store_meta values ('v', 'test', $schema)", schema=store_module.SCHEMA_VERSION)
    assert open_store(path).version == "v"


@given(amounts=st.lists(st.decimals(min_value=-(10**15), max_value=10**15, places=2), min_size=1, max_size=20))
def test_amounts_come_out_of_the_store_as_they_went_in(amounts: list[Decimal]) -> None:
    store = store_module.Store(Path("memory"), "", store_module.duckdb.connect(":memory:"))
    store.execute("create table t (i integer, amount_yuan decimal(18, 2))")
    for i, amount in enumerate(amounts):
        store.execute("insert into t values ($i, $amount)", i=i, amount=amount)
    made = store.sql("select amount_yuan from t order by i")
    assert made["amount_yuan"].dtype.pyarrow_dtype == MONEY
    assert made["amount_yuan"].to_list() == amounts
    total = store.sql("select cast(sum(amount_yuan) as decimal(18, 2)) as total_yuan from t")
    assert total["total_yuan"][0] == sum(amounts)


def test_integers_with_gaps_stay_integers_and_lists_become_lists(make_store: MakeStore) -> None:
    store = open_store(make_store())
    made = store.sql("select * from (values (1, ['a']), (null, ['b', 'c'])) as t(line, ids)")
    assert made["line"][0] == 1
    assert made["line"].isna().to_list() == [False, True]
    assert made["ids"].to_list() == [["a"], ["b", "c"]]
    assert isinstance(made["line"][0], int)


def test_an_empty_result_keeps_its_columns(make_store: MakeStore) -> None:
    made = frame(open_store(make_store()).arrow("select flow_id, amount_yuan, flows.at from flows"))
    assert list(made.columns) == ["flow_id", "amount_yuan", "at"]
    assert len(made) == 0


def test_times_are_beijing_time_without_zone(make_store: MakeStore) -> None:
    at = dt.datetime(2018, 9, 30, 23, 59, 59)
    store = open_store(make_store(flows=[{"flow_id": "F", "at": at}]))
    assert store.arrow("select flows.at from flows").to_pylist() == [{"at": at}]
    assert store.arrow("select cast(current_setting('TimeZone') as text) as z").to_pylist() == [{"z": "Asia/Shanghai"}]


def test_every_table_and_column_is_explained_in_both_languages(make_store: MakeStore) -> None:
    store = open_store(make_store())
    said = store.arrow("select table_name, comment from duckdb_tables() where database_name = 'store'").to_pylist()
    assert {row["table_name"] for row in said} == set(schema())
    assert all(row["comment"] for row in said)
    columns = store.arrow("select table_name, column_name, comment from duckdb_columns() where database_name = 'store'")
    for row in columns.to_pylist():
        zh, _, en = row["comment"].partition(" | ")
        assert re.search(r"[一-鿿]", zh), row
        assert re.search(r"[a-z]", en), row
        assert not re.search(r"[一-鿿]", en), row


def test_the_schema_as_read_is_the_schema_as_made(make_store: MakeStore) -> None:
    store = open_store(make_store())
    made = store.arrow("select table_name, column_name from duckdb_columns() where database_name = 'store'").to_pylist()
    assert {(row["table_name"], row["column_name"]) for row in made} == {
        (table.name, column.name) for table in schema().values() for column in table.columns
    }


@pytest.mark.parametrize("table", schema().values(), ids=lambda t: t.name)
def test_units_are_in_the_names_of_columns(table: schema_module.Table) -> None:
    for column in table.columns:
        money = column.type == "decimal(18, 2)"
        assert money == column.name.endswith("_yuan"), column
        assert (column.type == "date") == (column.name.endswith("_on") or column.name in DATES_BY_NAME), column
        assert (column.type == "timestamp") == (column.name == "at" or column.name.endswith("_at")), column
        assert money or column.type in LISTED_TYPES or column.type.startswith("decimal(38"), column
        if column.name.endswith("_id"):
            assert column.type == "text", column


# Ends of periods: "valid from", "statement to" read as days everywhere.
DATES_BY_NAME = {"valid_from", "valid_to", "statement_from", "statement_to", "in_force_from", "in_force_to"}


@pytest.mark.parametrize("table", schema().values(), ids=lambda t: t.name)
def test_keys_are_columns_and_imported_rows_name_their_line(table: schema_module.Table) -> None:
    names = {c.name for c in table.columns}
    assert set(table.key) <= names
    assert table.grain
    assert ("line" in names) <= ("source_id" in names)
