"""ClickHouse: the analytics store."""

from __future__ import annotations

import logging
import shutil
from hashlib import sha256

from services.server import HOST, USER, Server

_CONFIG = """\
<yandex>
    <logger><level>warning</level><console>1</console></logger>
    <listen_host>{host}</listen_host>
    <tcp_port>{port}</tcp_port>
    <path>{folder}/data/</path>
    <tmp_path>{folder}/data/tmp/</tmp_path>
    <user_files_path>{folder}/data/user_files/</user_files_path>
    <format_schema_path>{folder}/data/format_schemas/</format_schema_path>
    <users_config>{folder}/users.xml</users_config>
    <default_profile>default</default_profile>
    <default_database>default</default_database>
    <timezone>UTC</timezone>
    <mark_cache_size>268435456</mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <max_concurrent_queries>100</max_concurrent_queries>
    <!-- ClickHouse keeps merged parts in case of a power loss. A database with thousands of them takes a minute to drop. -->
    <merge_tree><old_parts_lifetime>5</old_parts_lifetime></merge_tree>
</yandex>
"""

_USERS = """\
<yandex>
    <profiles>
        <default>
            <max_memory_usage>4000000000</max_memory_usage>
            <!-- Only a power loss would show the difference, and tests create many tables. -->
            <fsync_metadata>0</fsync_metadata>
        </default>
    </profiles>
    <quotas><default></default></quotas>
    <users>
        <{user}>
            <password_sha256_hex>{password}</password_sha256_hex>
            <networks><ip>{host}</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
        </{user}>
    </users>
</yandex>
"""


class ClickHouse(Server):
    """One server. Only its native protocol is open."""

    NAME = "ClickHouse"
    FOLDER = "clickhouse"
    VARIABLE = "ATENDE_CLICKHOUSE_URL"
    PORT = 25_900
    PACKAGES = ("clickhouse-server",)

    def is_installed(self) -> bool:
        return bool(self._command)

    @property
    def address(self) -> str:
        return f"clickhouse://{USER}:{self.secret}@{HOST}:{self.ports[0]}/atende"

    @property
    def _command(self) -> list[str]:
        """The command that starts the server. Debian's package has its own program for it; newer packages have one program for everything."""
        for name, *more in (["clickhouse-server"], ["clickhouse", "server"]):
            path = shutil.which(name, path="/usr/local/bin:/usr/bin:/usr/sbin") or shutil.which(name)
            if path is not None:
                return [path, *more]
        return []

    def launch(self) -> None:
        (self.folder / "data").mkdir(mode=0o700, exist_ok=True)
        config = self.folder / "config.xml"
        config.write_text(_CONFIG.format(host=HOST, port=self.ports[0], folder=self.folder), encoding="utf-8")
        password = sha256(self.secret.encode()).hexdigest()
        (self.folder / "users.xml").write_text(_USERS.format(user=USER, password=password, host=HOST), encoding="ascii")
        self.daemon.start([*self._command, f"--config-file={config}"])

    def answers(self) -> bool:
        from clickhouse_driver import Client
        from clickhouse_driver.errors import Error

        # The driver logs each error that it also raises.
        logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)
        try:
            with Client(HOST, self.ports[0], user=USER, password=self.secret, connect_timeout=5, send_receive_timeout=5) as client:
                return bool(client.execute("SELECT 1") == [(1,)])
        except (Error, OSError, EOFError):
            return False
