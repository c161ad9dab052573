"""The distributed house as compose starts it."""

from __future__ import annotations

import re

import yaml

import settings
from tests.kit.compose import DISTRIBUTED, DOCKER, FILES, ONCE, environment, ours, project, services, variables


def test_every_process_of_a_house_has_the_same_servers() -> None:
    read = {name: settings.read(environment(service)) for name, service in ours(DISTRIBUTED).items()}
    assert len({(one.store_url, one.keys_url, one.kafka, one.clickhouse_url, one.topics, one.partitions) for one in read.values()}) == 1
    assert {name for name, one in read.items() if one.master_key} == {"api-1", "api-2", "import", "processes"}


def test_a_house_has_all_its_processes() -> None:
    commands = sorted(service["command"][0] for service in ours(DISTRIBUTED).values())
    assert commands == ["import", "migrate", "processes", "relay", "serve", "serve", "topics", "worker", "worker"]


def test_the_example_asks_for_nothing_that_nobody_uses() -> None:
    used = {name for file in FILES for name in variables(file)}
    assert set(re.findall(r"^#?([A-Z_]+)=", (DOCKER / ".env.example").read_text(), re.MULTILINE)) <= used


def test_nothing_starts_before_topics_and_tables_are_made() -> None:
    done = {"condition": "service_completed_successfully"}
    for name, service in ours(DISTRIBUTED).items():
        if name not in ONCE:
            assert service["depends_on"] == {"topics": done, "migrate": done}, name


def test_a_process_is_asked_how_it_fares_where_it_answers() -> None:
    for name, service in ours(DISTRIBUTED).items():
        if name in ONCE:
            continue
        command = service["command"]
        port = command[command.index("--metrics-port") + 1] if "--metrics-port" in command else "8080"
        assert f"http://127.0.0.1:{port}/" in service["healthcheck"]["test"][-1], name


# What is open to whom


def test_only_what_people_and_phones_use_is_published_and_pages_on_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in services(DISTRIBUTED).items() if "ports" in service}
    assert set(published) == {"balancer", "grafana", "asterisk"}
    assert all(port.startswith("127.0.0.1:") for name in ("balancer", "grafana") for port in published[name])
    assert all(port.endswith("/udp") for port in published["asterisk"])


def test_the_servers_are_in_a_network_without_a_way_out() -> None:
    told = project(DISTRIBUTED)
    assert told["networks"]["inside"]["internal"]
    for name in ("postgres", "kafka", "clickhouse", *ours(DISTRIBUTED)):
        assert told["services"][name]["networks"] == ["inside"], name


def test_ami_is_in_a_private_network_at_the_address_that_asterisk_is_told() -> None:
    told = project(DISTRIBUTED)
    asterisk = told["services"]["asterisk"]
    private = told["networks"]["telephony"]
    assert private["internal"]
    assert asterisk["environment"]["AMI_ADDRESS"] == asterisk["networks"]["telephony"]["ipv4_address"]
    assert asterisk["environment"]["AMI_PERMIT"] == private["ipam"]["config"][0]["subnet"]
    port = re.findall(r"^port = (\d+)", (DOCKER / "asterisk" / "manager.conf").read_text(), re.MULTILINE)[0]
    assert not [published for published in asterisk["ports"] if port in published]


def test_asterisk_speaks_on_the_ports_that_are_published() -> None:
    configured = {name: (DOCKER / "asterisk" / f"{name}.conf").read_text() for name in ("rtp", "pjsip")}
    first, last = re.findall(r"^rtp(?:start|end) = (\d+)", configured["rtp"], re.MULTILINE)
    bind = re.findall(r"^bind = 0.0.0.0:(\d+)", configured["pjsip"], re.MULTILINE)[0]
    assert services(DISTRIBUTED)["asterisk"]["ports"] == [f"{bind}:{bind}/udp", f"{first}-{last}:{first}-{last}/udp"]


def test_the_queue_log_is_a_file_and_its_reader_sees_it_where_asterisk_writes_it() -> None:
    logger = (DOCKER / "asterisk" / "logger.conf").read_text()
    assert re.search(r"^queue_log = yes", logger, re.MULTILINE)
    assert re.search(r"^queue_log_to_file = yes", logger, re.MULTILINE)
    assert "asterisk-log:/var/log/asterisk" in services(DISTRIBUTED)["asterisk"]["volumes"]
    reader = services(DISTRIBUTED)["import"]
    assert reader["volumes"] == ["asterisk-log:/var/log/asterisk:ro"]
    assert reader["command"][-1].startswith("/var/log/asterisk/")


# Servers


def test_kafka_keeps_everything_and_makes_no_topic_by_itself() -> None:
    told = services(DISTRIBUTED)["kafka"]["environment"]
    assert (told["KAFKA_LOG_RETENTION_MS"], told["KAFKA_LOG_RETENTION_BYTES"]) == ("-1", "-1")
    assert told["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_one_broker_alone_has_on_disk_what_it_acknowledges() -> None:
    told = services(DISTRIBUTED)
    assert told["topics"]["command"] == ["topics", "--replication", "1"]
    assert told["kafka"]["environment"]["KAFKA_LOG_FLUSH_INTERVAL_MESSAGES"] == "1"


def test_the_balancer_knows_every_api_and_keeps_metrics_to_itself() -> None:
    configured = (DOCKER / "haproxy" / "haproxy.cfg").read_text()
    apis = {name for name, service in ours(DISTRIBUTED).items() if service["command"] == ["serve"]}
    assert set(re.findall(r"^    server (\S+) \1:8080$", configured, re.MULTILINE)) == apis
    assert re.search(r"^    http-request deny .* path /metrics", configured, re.MULTILINE)


def test_prometheus_asks_every_process_that_has_figures() -> None:
    configured = yaml.safe_load((DOCKER / "prometheus" / "prometheus.yml").read_text())
    asked = {target for job in configured["scrape_configs"] for group in job["static_configs"] for target in group["targets"]}
    wanted = set()
    for name, service in ours(DISTRIBUTED).items():
        command = service["command"]
        if command == ["serve"]:
            wanted.add(f"{name}:8080")
        elif "--metrics-port" in command:
            wanted.add(f"{name}:{command[-1]}")
    assert asked == wanted
