"""The client in TypeScript: no operation is lost, its written part is as strict and as right as that in Python, its package is complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx

from api.app import described
from api.versions import NEWEST
from services.node import node_directory
from tests.kit.generated_clients import TYPESCRIPT, compiled, run, run_node
from tests.kit.http import PASSWORD
from tests.kit.openapi import Operation, operations
from tests.kit.served import COMPANY, EMAIL, served_center

LINE = b"1772470800|1772470800.1|vendas|NONE|ENTERQUEUE||5511987654321|1\n"


def node(*words: str, **env: str) -> str:
    return run([str(node_directory() / "node"), *words], env)


def test_every_operation_of_the_document_is_a_type():
    schema = (TYPESCRIPT / "src" / "schema.ts").read_text()
    types = re.findall(r"^    (\w+): \{$", schema.partition("export interface operations {")[2], re.MULTILINE)
    document = described().openapi()
    sent = [operation["operationId"] for methods in document.get("webhooks", {}).values() for operation in methods.values()]
    assert sorted(types) == sorted(sent + [operation.definition["operationId"] for operation in operations(document)])


PAGED = """
import { type Atende, answerOf, connect, csvOf, every, logIn } from "atende-client";

const asked: string[] = [];
const pages = [{ items: [1], next: "a" }, { items: [2], next: null }];
const fetch = async (request: Request) => {
  asked.push((new URL(request.url).searchParams.get("cursor") ?? (JSON.parse((await request.text()) || "{}").cursor as string | undefined)) ?? "first");
  return Response.json(pages[(asked.length - 1) % 2]);
};
const atende = connect("http://center", { token: "x", fetch });
const lists = [LISTS];
for (const list of lists) for await (const _ of list) await null;
console.log(asked.join(" "));

const { CENTER = "", EMAIL = "", PASSWORD = "", COMPANY = "", IMPORT = "" } = process.env;
const served: Atende = await logIn(CENTER, { email: EMAIL, password: PASSWORD, company: COMPANY });
const texts: string[] = [TEXTS];
for (const text of texts) console.log(text.split(";")[0]);
"""
"""Every list that has pages, page by page, and every CSV of a served center. It compiles if each is of the right type."""


def list_of(operation: Operation) -> str:
    named = ", ".join(f'{name}: "x"' for name in operation.parameters("path"))
    path = f"path: {{ {named} }}, " if named else ""
    if "cursor" in operation.parameters("query"):
        init = f"{{ params: {{ {path}query: {{ limit: 1, ...cursor }} }} }}"
    else:
        init = "{ body: { limit: 1, ...cursor } }"
    return f'every((cursor) => answerOf(atende.{operation.method.upper()}("{operation.path}", {init})))'


def csv_of(operation: Operation) -> str:
    path = ", ".join(f"{name}: IMPORT" for name in operation.parameters("path"))
    return f'await csvOf(served, "{operation.path}", {{ {f"path: {{ {path} }}" if path else ""} }})'


def test_each_list_that_has_pages_and_each_csv_of_a_served_center_is_read(tmp_path):
    known = list(operations(described().openapi()))
    paged, of_csv = [one for one in known if one.is_paged], [one for one in known if one.is_csv]
    program = PAGED.replace("LISTS", ",\n".join(map(list_of, paged))).replace("TEXTS", ",\n".join(map(csv_of, of_csv)))
    with compiled([program]) as (script,), served_center(tmp_path / "data") as served:
        address = served.address
        token = httpx.post(f"{address}/v1/auth/login", json={"email": EMAIL, "password": PASSWORD, "company": COMPANY}).json()[
            "access_token"
        ]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
        taken = httpx.post(f"{address}/v1/imports?name=queue_log", content=b"no line\n" + LINE, headers=headers).json()["id"]
        asked, *titles = run_node(script, served.variables | {"IMPORT": taken}).splitlines()
    assert asked.split() == ["first", "a"] * len(paged)
    assert set(titles) <= {"Arquivo", "Serviço", "IVR", "Agente", "DATA"}
    assert len(titles) == len(of_csv)


WATCHED = """
import { logIn, watchAnswers } from "atende-client";

const { CENTER = "", EMAIL = "", PASSWORD = "", COMPANY = "" } = process.env;
const atende = await logIn(CENTER, { email: EMAIL, password: PASSWORD, company: COMPANY });
const seen = new Set<string>();
for await (const { question } of watchAnswers(atende, ["/v1/dashboards/inbound", "/v1/monitoring"], { signal: AbortSignal.timeout(20_000) })) {
  if (seen.add(question).size === 2) break;
}
console.log([...seen].sort().join(" "));
"""


def test_all_questions_to_a_served_center_are_watched(tmp_path):
    with compiled([WATCHED]) as (script,), served_center(tmp_path / "data") as served:
        assert run_node(script, served.variables).split() == ["/v1/dashboards/inbound", "/v1/monitoring"]


def test_the_written_part_is_as_biome_wants_it():
    node("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "src", "package.json", "tsconfig.json", "biome.json")


def test_the_written_part_repeats_raises_pages_and_follows():
    told = node("--test", "--test-reporter=tap", str(Path(__file__).with_name("client.test.mjs")), CLIENT=str(TYPESCRIPT / "dist" / "index.js"), NEWEST=NEWEST)  # fmt: skip
    assert "# fail 0" in told


def test_the_package_has_all_that_its_users_need():
    npm = str(node_directory() / "npm")
    (packed,) = json.loads(run([npm, "pack", "--dry-run", "--json", "--ignore-scripts"], {}))
    files = {file["path"] for file in packed["files"]}
    assert {"LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts", "dist/schema.d.ts"} <= files
    assert not any(path.startswith(("src/", "node_modules/")) for path in files)
