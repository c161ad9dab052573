"""The distributed deployment as compose starts it."""

from __future__ import annotations

import re

import yaml

import settings
from api.http_server import HEADER_BYTES, limits_of
from tests.kit.compose import DISTRIBUTED, DOCKER, FILES, ONCE, environment, ours, project, services, variables


def test_all_processes_of_a_deployment_use_the_same_servers() -> None:
    read = {name: settings.read(environment(service)) for name, service in ours(DISTRIBUTED).items()}
    assert len({(one.store_url, one.keys_url, one.kafka, one.clickhouse_url, one.topics, one.partitions) for one in read.values()}) == 1
    assert {name for name, one in read.items() if one.master_key} == {"api-1", "api-2", "import", "processes", "follower"}


def test_a_deployment_has_all_its_processes() -> None:
    commands = sorted(service["command"][0] for service in ours(DISTRIBUTED).values())
    assert commands == ["asterisk", "import", "migrate", "processes", "relay", "serve", "serve", "topics", "worker", "worker"]


def test_the_example_has_only_variables_that_are_used() -> None:
    used = {name for file in FILES for name in variables(file)}
    assert set(re.findall(r"^#?([A-Z_]+)=", (DOCKER / ".env.example").read_text(), re.MULTILINE)) <= used


def test_nothing_starts_before_topics_and_tables_exist() -> None:
    done = {"condition": "service_completed_successfully"}
    for name, service in ours(DISTRIBUTED).items():
        if name not in ONCE:
            assert service["depends_on"] == {"topics": done, "migrate": done}, name


def test_the_health_check_of_a_process_uses_its_port() -> None:
    for name, service in ours(DISTRIBUTED).items():
        if name in ONCE:
            continue
        command = service["command"]
        port = command[command.index("--metrics-port") + 1] if "--metrics-port" in command else "8080"
        assert f"http://127.0.0.1:{port}/" in service["healthcheck"]["test"][-1], name


# Networks and ports


def test_only_ports_for_people_and_phones_are_published_and_web_pages_only_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in services(DISTRIBUTED).items() if "ports" in service}
    assert set(published) == {"balancer", "grafana", "asterisk"}
    assert all(port.startswith("127.0.0.1:") for name in ("balancer", "grafana") for port in published[name])
    assert all(port.endswith("/udp") for port in published["asterisk"])


def test_the_servers_are_in_a_network_without_a_way_out_and_only_the_sender_of_webhooks_reaches_the_internet() -> None:
    loaded = project(DISTRIBUTED)
    assert loaded["networks"]["inside"]["internal"]
    for name in ("postgres", "kafka", "clickhouse", *ours(DISTRIBUTED)):
        way_out = {"processes": ["outside"], "follower": ["telephony"]}.get(name, [])
        assert loaded["services"][name]["networks"] == ["inside", *way_out], name


def test_ami_is_in_a_private_network_at_the_address_in_asterisks_settings() -> None:
    loaded = project(DISTRIBUTED)
    asterisk = loaded["services"]["asterisk"]
    private = loaded["networks"]["telephony"]
    assert private["internal"]
    assert asterisk["environment"]["AMI_ADDRESS"] == asterisk["networks"]["telephony"]["ipv4_address"]
    assert asterisk["environment"]["AMI_PERMIT"] == private["ipam"]["config"][0]["subnet"]
    port = re.findall(r"^port = (\d+)", (DOCKER / "asterisk" / "manager.conf").read_text(), re.MULTILINE)[0]
    assert not [published for published in asterisk["ports"] if port in published]


def test_the_follower_reaches_ami_and_reads_the_queue_log_of_the_asterisk_in_the_file() -> None:
    loaded = project(DISTRIBUTED)
    follower, asterisk = loaded["services"]["follower"], loaded["services"]["asterisk"]
    assert follower["command"][:2] == ["asterisk", "run"]
    (followed,) = settings.read(environment(follower)).asterisks
    assert followed.host == asterisk["networks"]["telephony"]["ipv4_address"]
    assert "asterisk-log:/var/log/asterisk:ro" in follower["volumes"]
    assert str(followed.queue_log) == "/var/log/asterisk/queue_log"
    assert _ADDRESS in (DOCKER / ".env.example").read_text()


_ADDRESS = "ami://atende:SECRET@172.31.250.10:5038?queue_log=/var/log/asterisk/queue_log"


def test_asterisk_uses_the_published_ports() -> None:
    configured = {name: (DOCKER / "asterisk" / f"{name}.conf").read_text() for name in ("rtp", "pjsip")}
    first, last = re.findall(r"^rtp(?:start|end) = (\d+)", configured["rtp"], re.MULTILINE)
    bind = re.findall(r"^bind = 0.0.0.0:(\d+)", configured["pjsip"], re.MULTILINE)[0]
    assert services(DISTRIBUTED)["asterisk"]["ports"] == [f"{bind}:{bind}/udp", f"{first}-{last}:{first}-{last}/udp"]


def test_the_queue_log_is_a_file_and_the_import_mounts_it() -> None:
    logger = (DOCKER / "asterisk" / "logger.conf").read_text()
    assert re.search(r"^queue_log = yes", logger, re.MULTILINE)
    assert re.search(r"^queue_log_to_file = yes", logger, re.MULTILINE)
    assert "asterisk-log:/var/log/asterisk" in services(DISTRIBUTED)["asterisk"]["volumes"]
    reader = services(DISTRIBUTED)["import"]
    assert reader["volumes"] == ["asterisk-log:/var/log/asterisk:ro"]
    assert reader["command"][-1].startswith("/var/log/asterisk/")


# Servers


def test_kafka_keeps_everything_and_creates_no_topic_automatically() -> None:
    settings_of_kafka = services(DISTRIBUTED)["kafka"]["environment"]
    assert (settings_of_kafka["KAFKA_LOG_RETENTION_MS"], settings_of_kafka["KAFKA_LOG_RETENTION_BYTES"]) == ("-1", "-1")
    assert settings_of_kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_a_single_broker_flushes_messages_before_it_acknowledges_them() -> None:
    started = services(DISTRIBUTED)
    assert started["topics"]["command"] == ["topics", "--replication", "1"]
    assert started["kafka"]["environment"]["KAFKA_LOG_FLUSH_INTERVAL_MESSAGES"] == "1"


def test_the_balancer_has_every_api_and_hides_their_metrics() -> None:
    configured = (DOCKER / "haproxy" / "haproxy.cfg").read_text()
    apis = {name for name, service in ours(DISTRIBUTED).items() if service["command"] == ["serve"]}
    assert set(re.findall(r"^    server (\S+) \1:8080$", configured, re.MULTILINE)) == apis
    assert re.search(r"^    http-request deny .* path /metrics", configured, re.MULTILINE)


def test_the_balancer_limits_what_an_api_on_its_own_limits() -> None:
    configured = (DOCKER / "haproxy" / "haproxy.cfg").read_text()
    api = limits_of(256, ())
    assert f"timeout http-request {api.headers_s:.0f}s\n" in configured
    assert f"tune.bufsize {HEADER_BYTES}\n" in configured
    assert f"sc0_conn_cur gt {settings.Settings.client_connections} }}" in configured


def test_an_api_trusts_the_network_of_the_balancer_alone() -> None:
    loaded = project(DISTRIBUTED)
    subnets = tuple(one["subnet"] for one in loaded["networks"]["inside"]["ipam"]["config"])
    for name in ("api-1", "api-2"):
        assert settings.read(environment(loaded["services"][name])).trusted_proxies == subnets
    assert "inside" in loaded["services"]["balancer"]["networks"]


def test_prometheus_scrapes_every_process_with_metrics() -> None:
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
