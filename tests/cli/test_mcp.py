"""An assistant that speaks MCP to `atende mcp`, which asks a served center with an API key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from api.app import create_app, described
from cli.mcp_tools import ROUTES, NotOffered, questions, used
from commands.api_keys import CreateApiKey, RevokeApiKey
from commands.companies import RegisterCompany
from commands.queues import RegisterQueue
from projections.figures.definitions import DEFINITIONS, VERSION
from tests.api.conftest import center
from tests.api.test_live_stream_served import live_through, server_of
from tests.kit.http import operator

__all__ = ["center"]

ROOT = Path(__file__).parents[2]
PROGRAM = ["-c", "from cli.main import main; main()", "mcp"]


@pytest.fixture
def served(center):
    """A center with two calls to the queue vendas, served; its address."""
    center.bus.execute(RegisterCompany(name="Empresa"), operator("Empresa"))
    center.bus.execute(RegisterQueue(name="suporte"), operator("Empresa"))
    live_through(center, range(2))
    center.cover(center.store.head(), lambda *_: None)
    with server_of(create_app(center)) as address:
        yield address


def a_key(center, *permissions, **more):
    receipt = center.bus.execute(CreateApiKey(name="assistant", permissions=permissions, **more), operator("Empresa"))
    return receipt.id, receipt.result["key"]


def ask(address, key, *calls):
    """What an assistant gets for these calls (tool, arguments), and the tools that it may use."""

    async def talk():
        environment = {"ATENDE_URL": address, "ATENDE_API_KEY": key}
        program = StdioServerParameters(command=sys.executable, args=PROGRAM, env=environment, cwd=ROOT)
        async with Client(program, read_timeout_seconds=60) as client:
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(talk)


def test_an_assistant_gets_the_figures_of_the_api_with_their_definitions(center, served):
    _, key = a_key(center, "gerenciar-relatorio", "gerenciar-atendimento")
    whole = {"from": "2026-03-01", "to": "2026-04-01", "timezone": "America/Sao_Paulo"}
    interaction = str(next(read.event.originator_id for read in center.store.read(0, 100) if read.event.TOPIC == "interaction.arrived"))
    tools, answers = ask(
        served,
        key,
        ("inbound_dashboard", whole),
        ("queue_report", {**whole, "by": "queue", "queue": ["vendas"]}),
        ("agents_now", {}),
        ("interaction_history", {"interaction_id": interaction}),
        ("definitions", {}),
        ("outbound_report", {**whole, "by": "total"}),
        ("interaction_history", {}),
        ("interaction_history", {"interaction_id": ""}),
    )
    *answers, outbound, nameless, empty = answers
    assert outbound.structured_content["answer"]["items"][0]["dialled"] == 0
    assert outbound.structured_content["definitions"]["answered"] == DEFINITIONS["outbound_answered"]
    for refused in (nameless, empty):
        assert refused.is_error
        assert refused.content[0].text == "interaction_history needs interaction_id: nothing was asked"
    assert {tool.name for tool in tools} == set(ROUTES)
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert not [answer.content for answer in answers if answer.is_error]
    inbound, report, agents, history, definitions = (answer.structured_content for answer in answers)
    assert inbound["answer"]["definition"] == VERSION
    assert inbound["answer"]["as_of"] == center.store.head()
    assert inbound["answer"]["timezone"] == "America/Sao_Paulo"
    assert inbound["request"] == {"path": "/v1/dashboards/inbound", "parameters": whole}
    assert {name: DEFINITIONS[name] for name in inbound["definitions"]} == inbound["definitions"]
    assert {"offered", "abandoned", "asa_ms", "rounding", "bounds"} <= inbound["definitions"].keys()
    assert "dialled" not in inbound["definitions"]
    (row,) = report["answer"]["items"]
    assert (row["queue"], row["offered"], row["abandoned"]) == ("vendas", 2, 2)
    assert agents["answer"]["counts"]["logged"] == 0
    assert history["answer"]["as_of"] == center.store.head()
    assert {one["key"]: one["meaning"]["en"] for one in definitions["answer"]["figures"]} == DEFINITIONS
    assert json.loads(answers[0].content[0].text) == inbound


def test_permissions_and_queues_are_those_of_the_key(center, served):
    queue = center.bus.execute(RegisterQueue(name="nova"), operator("Empresa")).id
    _, key = a_key(center, "gerenciar-relatorio", queues=(queue,))
    _, (report, agents) = ask(served, key, ("queue_report", {"by": "queue"}), ("agents_now", {}))
    assert not report.is_error, report.content
    assert "vendas" not in json.dumps(report.structured_content)
    assert agents.is_error
    assert "gerenciar-atendimento" in agents.content[0].text


def test_a_refusal_says_what_is_wrong_and_nothing_is_done(center, served):
    _, key = a_key(center, "gerenciar-relatorio")
    head = center.store.head()
    _, answers = ask(
        served,
        key,
        ("inbound_dashboard", {"from": "yesterday"}),
        ("inbound_dashboard", {"form": "2026-03-01"}),
        ("interaction_history", {"interaction_id": "../../v1/me"}),
        ("deactivate_queue", {}),
    )
    assert all(answer.is_error for answer in answers)
    texts = [answer.content[0].text for answer in answers]
    assert '"from"' in texts[0]
    assert '"form"' in texts[1]
    assert "not-found" in texts[2]
    assert "there is no tool" in texts[3]
    assert center.store.head() == head


PROGRAM_WORDS = [sys.executable, *PROGRAM]


def program(environment):
    """What `atende mcp` does without anything on its standard input."""
    environment = {"PATH": "", **environment}
    return subprocess.run(PROGRAM_WORDS, cwd=ROOT, env=environment, input="", capture_output=True, text=True, check=False, timeout=60)


def test_a_key_that_is_not_accepted_is_said_at_the_start(center, served):
    id, key = a_key(center, "gerenciar-relatorio")
    center.bus.execute(RevokeApiKey(key=id), operator("Empresa"))
    center.clock.pass_s(1)
    for wrong, why in ((key, "was revoked"), ("atk_secret", "no such API key")):
        done = program({"ATENDE_URL": served, "ATENDE_API_KEY": wrong})
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert "does not accept ATENDE_API_KEY" in line
        assert why in line
        assert wrong not in line


def test_a_line_that_is_no_message_is_answered_and_the_next_one_is_too(center, served):
    _, key = a_key(center, "gerenciar-relatorio")
    environment = {"PATH": "", "ATENDE_URL": served, "ATENDE_API_KEY": key}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(PROGRAM_WORDS, cwd=ROOT, env=environment, **pipes) as assistant:
        assistant.stdin.write('no json\n{"a": 1}\n{"jsonrpc": "2.0", "id": 7, "method": "ping"}\n')
        assistant.stdin.flush()
        answers = [json.loads(assistant.stdout.readline()) for _ in range(3)]
        assistant.stdin.close()
        assert assistant.wait(60) == 0
    assert [(one["id"], one.get("error", {}).get("code")) for one in answers[:2]] == [(None, -32700), (None, -32600)]
    assert answers[2]["id"] == 7


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "ATENDE_URL and ATENDE_API_KEY"),
        ({"ATENDE_URL": "http://127.0.0.1:9", "ATENDE_API_KEY": "atk_secret"}, "no center answers at http://127.0.0.1:9"),
        ({"ATENDE_URL": "center", "ATENDE_API_KEY": "atk_secret"}, "ATENDE_URL is no address"),
    ],
)
def test_without_a_center_or_a_key_it_says_so_in_one_line(environment, reason):
    done = program(environment)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert reason in line
    assert "secret" not in line


def test_the_sdk_is_imported_by_its_command_alone():
    program = "import sys; import cli.main; print([name for name in sys.modules if name.split('.')[0] in ('mcp', 'httpx2')])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_center_without_one_of_the_routes_is_of_another_version():
    with pytest.raises(NotOffered, match="/v1/dashboards/inbound"):
        questions({"paths": {}})


def test_an_answer_has_the_definitions_of_its_own_figures_profiles_and_attributions():
    answer = {"items": [{"offered": 1, "sla_profile": "genesys"}], "attribution": "event"}
    assert set(used(DEFINITIONS, answer, "queue_report")) == {"offered", "profile genesys", "attribution event", "rounding", "bounds"}


@pytest.mark.parametrize("figure", ["answered", "aht_ms"])
def test_a_figure_of_attempts_and_of_visits_is_defined_as_what_its_answer_counts(figure):
    meant = {tool: used(DEFINITIONS, {"items": [{figure: 1}]}, tool)[figure] for tool in ROUTES}
    of_attempts = {tool for tool, meaning in meant.items() if meaning == DEFINITIONS[f"outbound_{figure}"]}
    assert of_attempts == {"outbound_dashboard", "outbound_report"}
    assert {meant[tool] for tool in meant.keys() - of_attempts} == {DEFINITIONS[figure]}


def test_no_tool_speaks_of_csv_which_none_has():
    tools = questions(described().openapi())
    assert not [name for name, tool in tools.items() if "csv" in f"{tool.title} {tool.description} {json.dumps(tool.schema)}".lower()]
