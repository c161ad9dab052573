"""What every warehouse must do. An adapter's suite inherits this and gives the fixture `warehouse`, empty."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import msgspec
import pytest

from projections.engine.warehouse import TenantMissing, Warehouse, WarehouseError

TENANT = UUID(int=7)
OTHER = UUID(int=8)

NASTY = [
    "it's", "a\\b", "tab\there", "new\nline", "\\N", "NULL", "{x:String}", "%(x)s", "😀é", "", "\0zero", "'", '"', "\\", "cr\rx", "\x08\x0c",
    "\\'", " lead ", "\x07bell\x0b", "100%", "%s", "--", "/*", "`", ";", "\u2028",
]  # fmt: skip

TABLE = """
CREATE TABLE things
(
    tenant UUID, id UUID, version UInt64, name String, kind Enum8('' = 0, 'one' = 1), at_ms Int64, until_ms Nullable(Int64),
    share Nullable(Float64), other Nullable(UUID), names Array(String), ends Array(Nullable(Int64)), kinds Array(Enum8('' = 0, 'one' = 1)), flag UInt8
)
ENGINE = ReplacingMergeTree(version) ORDER BY (tenant, id)
"""
FULL = {
    "version": 2**64 - 1, "name": "a", "kind": "one", "at_ms": -(2**63), "until_ms": 2**63 - 1, "share": 0.1, "names": ["x", ""],
    "ends": [1, None], "kinds": ["", "one"], "flag": 1,
}  # fmt: skip
EMPTY = {
    "version": 0, "name": "", "kind": "", "at_ms": 0, "until_ms": None, "share": None, "other": None, "names": [], "ends": [], "kinds": [], "flag": 0,
}  # fmt: skip

THINGS = "SELECT * FROM things FINAL WHERE tenant = {tenant:UUID} ORDER BY name"


class Named(msgspec.Struct):
    id: UUID
    name: str


def put(warehouse: Warehouse, *things: dict[str, object]) -> None:
    rows = [{**EMPTY, "tenant": TENANT.bytes, "id": uuid4().bytes, **thing} for thing in things]
    warehouse.insert("things", {name: [row[name] for row in rows] for name in ["tenant", "id", *EMPTY]})


class WarehouseContract:
    @pytest.fixture
    def things(self, warehouse: Warehouse) -> Warehouse:
        warehouse.execute(TABLE)
        return warehouse

    def test_what_goes_in_comes_out(self, things: Warehouse) -> None:
        id, other = uuid4(), uuid4()
        put(things, {**FULL, "id": id.bytes, "other": other.bytes}, EMPTY)
        empty, full = things.query(THINGS, TENANT)
        assert full == {**FULL, "tenant": str(TENANT), "id": str(id), "other": str(other)}
        assert {name: empty[name] for name in EMPTY} == EMPTY

    def test_rows_come_out_typed(self, things: Warehouse) -> None:
        id = uuid4()
        put(things, {"id": id.bytes, "name": "x"})
        assert things.rows(Named, "SELECT id, name FROM things FINAL WHERE tenant = {tenant:UUID}", TENANT) == [Named(id, "x")]

    @pytest.mark.parametrize("text", NASTY)
    def test_any_text_is_a_value_and_nothing_else(self, things: Warehouse, text: str) -> None:
        put(things, {"name": text, "names": [text, "x"]}, {"name": "other"})
        for condition in (
            "name = {text:String}",
            "has({texts:Array(String)}, name)",
            "name = {maybe:Nullable(String)}",
            "has(names, {text:String})",
        ):
            found = things.query(
                f"SELECT name, names FROM things FINAL WHERE tenant = {{tenant:UUID}} AND {condition}",
                TENANT,
                text=text,
                texts=[text],
                maybe=text,
            )
            assert found == [{"name": text, "names": [text, "x"]}], condition

    def test_parameters_have_types(self, things: Warehouse) -> None:
        id = uuid4()
        sql = """SELECT {tenant:UUID} AS tenant, {id:UUID} AS id, {ids:Array(UUID)} AS ids, {n:Int64} AS n, {big:UInt64} AS big, {f:Float64} AS f,
                 {none:Nullable(Int64)} AS none, {flag:UInt8} AS flag, {numbers:Array(Int64)} AS numbers, {maybes:Array(Nullable(Int64))} AS maybes,
                 {nothing:Array(String)} AS nothing"""
        (row,) = things.query(
            sql,
            TENANT,
            id=id,
            ids=[id],
            n=-(2**63),
            big=2**64 - 1,
            f=0.1,
            none=None,
            flag=True,
            numbers=[1, -2],
            maybes=[1, None],
            nothing=[],
        )
        assert row == {
            "tenant": str(TENANT), "id": str(id), "ids": [str(id)], "n": -(2**63), "big": 2**64 - 1, "f": 0.1, "none": None, "flag": 1,
            "numbers": [1, -2], "maybes": [1, None], "nothing": [],
        }  # fmt: skip

    def test_a_list_restricts_whatever_is_in_it(self, things: Warehouse) -> None:
        ids = [uuid4() for _ in range(3)]
        put(things, *({"id": id.bytes, "name": str(n), "other": id.bytes} for n, id in enumerate(ids)))
        for sql in (
            "SELECT name FROM things FINAL WHERE tenant = {tenant:UUID} AND id IN {ids:Array(UUID)} ORDER BY name",
            "SELECT name FROM things FINAL WHERE tenant = {tenant:UUID} AND has({ids:Array(UUID)}, id) ORDER BY name",
        ):
            for some in ([], ids[:1], ids[1:], [uuid4(), ids[1]]):
                expected = [{"name": str(n)} for n, id in enumerate(ids) if id in some]
                assert things.query(sql, TENANT, ids=some) == expected
        many = [*(uuid4() for _ in range(20_000)), ids[2]]
        assert things.query("SELECT name FROM things FINAL WHERE tenant = {tenant:UUID} AND id IN {ids:Array(UUID)}", TENANT, ids=many) == [
            {"name": "2"}
        ]

    def test_so_many_rows_come_as_are_asked_for(self, things: Warehouse) -> None:
        put(things, *({"name": str(n)} for n in range(5)))
        sql = "SELECT name FROM things FINAL WHERE tenant = {tenant:UUID} AND (name, 1) > ({after:String}, 0) ORDER BY name LIMIT {limit:UInt32}"
        assert [row["name"] for row in things.query(sql, TENANT, after="2", limit=2)] == ["2", "3"]

    def test_what_is_no_number_is_missing(self, things: Warehouse) -> None:
        put(things, {"share": None})
        sql = "SELECT avg(share) AS mean, 1.0 / 0 AS more, [0.5, 0 / 0] AS some, '100%' AS text FROM things WHERE tenant = {tenant:UUID}"
        (row,) = things.query(sql, TENANT)
        assert row == {"mean": None, "more": None, "some": [0.5, None], "text": "100%"}

    def test_a_parameter_without_a_value_is_an_error(self, things: Warehouse) -> None:
        with pytest.raises(WarehouseError, match="left_out"):
            things.query("SELECT {left_out:Int64} AS n WHERE {tenant:UUID} = {tenant:UUID}", TENANT)

    def test_a_question_is_about_one_company(self, things: Warehouse) -> None:
        put(things, {"name": "ours"}, {"name": "theirs", "tenant": OTHER.bytes})
        assert [row["name"] for row in things.query(THINGS, TENANT)] == ["ours"]
        assert [row["name"] for row in things.query(THINGS, OTHER)] == ["theirs"]
        for ask in (things.query, lambda sql, tenant: things.rows(Named, sql, tenant)):
            with pytest.raises(TenantMissing, match="FROM things"):
                ask("SELECT * FROM things", TENANT)

    def test_the_company_cannot_be_told_as_a_parameter(self, things: Warehouse) -> None:
        put(things, {"name": "ours"}, {"name": "theirs", "tenant": OTHER.bytes})
        with pytest.raises(TypeError):
            things.query(THINGS, TENANT, tenant=OTHER)

    def test_the_newest_version_stands_whatever_came_last(self, things: Warehouse) -> None:
        id = uuid4().bytes
        for version in (1, 3, 2, 3):
            put(things, {"id": id, "version": version, "name": f"v{version}"})
        put(things, {"id": id, "version": 2, "name": "v2"}, {"id": id, "version": 1, "name": "v1"})
        assert [row["name"] for row in things.query(THINGS, TENANT)] == ["v3"]

    def test_no_rows_are_no_error(self, things: Warehouse) -> None:
        put(things)
        assert things.query(THINGS, TENANT) == []

    def test_many_rows_go_in_at_once(self, things: Warehouse) -> None:
        put(things, *({"name": f"{n:06}", "at_ms": n, "until_ms": n if n % 2 else None} for n in range(20_000)))
        (row,) = things.query(
            "SELECT count() AS n, sum(at_ms) AS at, sum(until_ms) AS until FROM things FINAL WHERE tenant = {tenant:UUID}", TENANT
        )
        assert row == {"n": 20_000, "at": sum(range(20_000)), "until": sum(range(1, 20_000, 2))}

    @pytest.mark.parametrize(
        "wrong",
        [{"at_ms": "text"}, {"kind": "unheard"}, {"at_ms": None}, {"id": b"short"}, {"name": 5}, {"version": -1}, {"names": [None]}],
    )
    def test_a_value_that_cannot_be_is_refused_with_all_rows_of_the_batch(self, things: Warehouse, wrong: dict[str, object]) -> None:
        with pytest.raises(WarehouseError):
            put(things, {"name": "good"}, wrong)
        assert things.query(THINGS, TENANT) == []
        put(things, {"name": "after"})
        assert [row["name"] for row in things.query(THINGS, TENANT)] == ["after"]

    def test_columns_must_be_those_of_the_table(self, things: Warehouse) -> None:
        with pytest.raises(WarehouseError, match="colour"):
            things.insert("things", {"tenant": [TENANT.bytes], "colour": ["red"]})
        with pytest.raises(WarehouseError):
            things.insert("nothing", {"tenant": [TENANT.bytes]})

    def test_a_statement_that_fails_says_why_and_the_next_one_works(self, things: Warehouse) -> None:
        with pytest.raises(WarehouseError, match="nowhere"):
            things.query("SELECT * FROM nowhere WHERE tenant = {tenant:UUID}", TENANT)
        assert things.query(THINGS, TENANT) == []

    def test_a_column_that_is_added_can_be_written(self, things: Warehouse) -> None:
        put(things, {"name": "before"})
        things.execute("ALTER TABLE things ADD COLUMN colour String")
        rows = {**{name: [value] for name, value in EMPTY.items()}, "tenant": [TENANT.bytes], "id": [uuid4().bytes], "colour": ["red"]}
        things.insert("things", rows)
        assert sorted(row["colour"] for row in things.query(THINGS, TENANT)) == ["", "red"]

    def test_a_database_beside_is_another_one(self, things: Warehouse) -> None:
        beside = things.beside(f"{things.database}_beside")
        try:
            beside.execute(TABLE)
            put(beside, {"name": "beside"})
            assert things.query(THINGS, TENANT) == []
            assert [row["name"] for row in beside.query(THINGS, TENANT)] == ["beside"]
        finally:
            beside.close()
            things.execute(f"DROP DATABASE {things.database}_beside")

    def test_small_queries_find_the_same_rows(self, things: Warehouse) -> None:
        put(things, {"name": "small"})
        assert [row["name"] for row in things.for_small_queries.query(THINGS, TENANT)] == ["small"]

    def test_many_ask_while_one_writes(self, things: Warehouse) -> None:
        """Each question sees whole batches, never a part of one."""
        done = threading.Event()
        seen: list[int] = []
        errors: list[Exception] = []

        def ask() -> None:
            try:
                while not done.is_set():
                    seen.append(things.query("SELECT count() AS n FROM things WHERE tenant = {tenant:UUID}", TENANT)[0]["n"])
            except Exception as error:  # noqa: BLE001 - raised below, in the thread of the test
                errors.append(error)

        askers = [threading.Thread(target=ask) for _ in range(12)]
        for asker in askers:
            asker.start()
        for _ in range(20):
            put(things, *({"name": "x"} for _ in range(50)))
        done.set()
        for asker in askers:
            asker.join()
        assert not errors
        assert seen
        assert all(n % 50 == 0 for n in seen)
