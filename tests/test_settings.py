from __future__ import annotations

from pathlib import Path

import pytest

from settings import Asterisk, Settings, WrongSetting, read

KEY = "0f" * 32
STORE = "postgresql://atende:very-secret@db/atende"
ROWS = "clickhouse://atende:very-secret@rows/atende"
DISTRIBUTED = {"ATENDE_MODE": "distributed", "ATENDE_STORE_URL": STORE, "ATENDE_KAFKA": "kafka:9092", "ATENDE_CLICKHOUSE_URL": ROWS}


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read({}) == Settings()
    assert read({"ATENDE_DATA": "", "ATENDE_PORT": "", "ATENDE_MASTER_KEY": ""}) == Settings()


def test_every_variable_is_read() -> None:
    told = {
        "ATENDE_DATA": "/srv/atende",
        "ATENDE_HOST": "0.0.0.0",
        "ATENDE_PORT": "9000",
        "ATENDE_PUBLIC_URL": "https://atende.example.com/",
        "ATENDE_TRUSTED_PROXIES": "10.0.0.7, 10.1.0.0/16,2001:db8::/32",
        "ATENDE_CLIENT_CONNECTIONS": "64",
        "ATENDE_PASSWORD_POLICY": "nist",
        "ATENDE_URL": "https://center.example.com/",
        "ATENDE_API_KEY": "atk_secret",
        "ATENDE_USER_REQUESTS": "60000",
        "ATENDE_CORS_ORIGINS": "https://console.example.com, http://localhost:5173",
        "ATENDE_MASTER_KEY": KEY,
        "ATENDE_TOKEN_SECRET": "s" * 32,
        "ATENDE_KEYS_URL": "postgres://keys",
        "ATENDE_TOPICS": "center.one",
        "ATENDE_PARTITIONS": "12",
        "ATENDE_CLICKHOUSE_CLUSTER": "deployment",
        "ATENDE_WEBHOOK_ALLOW": "10.20.0.0/16, fd00::/8",
        "ATENDE_ASTERISK": "ami://atende:a%40b@10.0.0.5 ami://u:s@pbx:5039/pbx02?company=Outra&queue_log=/var/log/asterisk/queue_log&phones=PJSIP/10*,PJSIP/2[0-4]?? "
        "ami://u:s@pbx3?company=Nova&control=yes&ari=http%3A%2F%2Fari%3Aa%2540b%40pbx3%3A8088&trunk=tronco&context=ramais&phone=wss://pbx.example.com:8089/ws",
        **DISTRIBUTED,
    }
    assert read(told) == Settings(
        data=Path("/srv/atende"), host="0.0.0.0", port=9000, public_url="https://atende.example.com",
        trusted_proxies=("10.0.0.7", "10.1.0.0/16", "2001:db8::/32"), client_connections=64, user_requests=60_000, password_policy="nist",
        cors_origins=("https://console.example.com", "http://localhost:5173"), url="https://center.example.com", api_key="atk_secret", master_key=KEY, token_secret="s" * 32,
        mode="distributed", store_url=STORE, keys_url="postgres://keys",
        kafka="kafka:9092", clickhouse_url=ROWS, clickhouse_cluster="deployment", topics="center.one", partitions=12,
        webhook_allow=("10.20.0.0/16", "fd00::/8"),
        asterisks=(
            Asterisk("10.0.0.5", "atende", "a@b"),
            Asterisk("pbx", "u", "s", 5039, company="Outra", system="pbx02", queue_log=Path("/var/log/asterisk/queue_log"), phones=("PJSIP/10*", "PJSIP/2[0-4]??")),
            Asterisk(
                "pbx3", "u", "s", company="Nova", control=True,
                ari="http://pbx3:8088", ari_user="ari", ari_secret="a@b", trunk="tronco", context="ramais", phone="wss://pbx.example.com:8089/ws",
            ),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATENDE_TOKEN_SECRET", "tiny"),
        ("ATENDE_ASTERISK", "http://atende:very-secret@pbx"),
        ("ATENDE_ASTERISK", "ami://very-secret@pbx"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx:port"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?queuelog=/x"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx1 ami://u:very-secret@pbx2/two"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?control=maybe"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?trunk=tronco"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?phones=1001"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?phones=PJSIP/10*,"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?control=yes&phone=wss://pbx/ws"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?control=yes&ari=http://a:b@pbx&phone=https://pbx;x"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?control=yes&trunk=a,b"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?control=yes&ari=http://pbx:8088"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx/one?control=yes ami://u:very-secret@pbx/two?control=yes"),
        ("ATENDE_ASTERISK", "ami://u:very-secret@pbx?company=Uma&control=yes&context=ramais ami://u:very-secret@pbx?company=Outra"),
        ("ATENDE_PORT", "70000"),
        ("ATENDE_PORT", "http"),
        ("ATENDE_PUBLIC_URL", "center.example"),
        ("ATENDE_PUBLIC_URL", "https://atende.example.com/?page=#here"),
        ("ATENDE_TRUSTED_PROXIES", "*"),
        ("ATENDE_TRUSTED_PROXIES", "10.0.0.7,,10.0.0.8"),
        ("ATENDE_TRUSTED_PROXIES", "10.0.0.7/8"),
        ("ATENDE_CLIENT_CONNECTIONS", "0"),
        ("ATENDE_CLIENT_CONNECTIONS", "few"),
        ("ATENDE_PASSWORD_POLICY", "strong"),
        ("ATENDE_CORS_ORIGINS", "*"),
        ("ATENDE_CORS_ORIGINS", "https://console.example.com/page"),
        ("ATENDE_CORS_ORIGINS", "https://crm.example.com,"),
        ("ATENDE_URL", "center.example"),
        ("ATENDE_MODE", "cluster"),
        ("ATENDE_STORE_URL", "mysql://db/atende"),
        ("ATENDE_KEYS_URL", "db.example"),
        ("ATENDE_CLICKHOUSE_URL", "http://rows:8123"),
        ("ATENDE_CLICKHOUSE_CLUSTER", "deployment; DROP"),
        ("ATENDE_KAFKA", "localhost"),
        ("ATENDE_KAFKA", "one:9092,,two:9092"),
        ("ATENDE_KAFKA", "one:65536x"),
        ("ATENDE_TOPICS", "são paulo"),
        ("ATENDE_PARTITIONS", "0"),
        ("ATENDE_WEBHOOK_ALLOW", "10.20.0.1/16"),
        ("ATENDE_WEBHOOK_ALLOW", "crm.example"),
        ("ATENDE_PARTITIONS", "many"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_never_shown(name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as refusal:
        read({name: value})
    assert name in str(refusal.value)
    assert value not in str(refusal.value)


@pytest.mark.parametrize("missing", sorted(DISTRIBUTED.keys() - {"ATENDE_MODE"}))
def test_distributed_mode_needs_every_server(missing: str) -> None:
    with pytest.raises(WrongSetting, match=f"{missing} is missing"):
        read({name: value for name, value in DISTRIBUTED.items() if name != missing})


def test_secrets_are_not_shown() -> None:
    shown = repr(
        Settings(master_key=KEY, token_secret="very secret indeed, do not print", store_url=STORE, keys_url=STORE, clickhouse_url=ROWS)
    )
    assert "very secret" not in shown
    assert "very-secret" not in shown
    assert KEY not in shown
