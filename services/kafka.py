"""Kafka: one node that is broker and controller, run from the jars on Maven Central."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
from pathlib import Path
from uuid import uuid4

from services.server import HOST, DoesNotRun, Server

_POM = Path(__file__).with_name("kafka.pom.xml")
_HEAP = "-Xmx512m"
_QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
_API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)
"""An ApiVersions request, which every broker answers."""

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers={host}:{controller}
log.dirs={data}
auto.create.topics.enable=false
log.retention.ms=-1
log.retention.bytes=-1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""


class Kafka(Server):
    """One broker. It creates topics only on request, never automatically."""

    NAME = "Kafka"
    FOLDER = "kafka"
    VARIABLE = "ATENDE_KAFKA"
    PORT = 25_092
    PORTS = 2
    PACKAGES = ("default-jre-headless", "maven")

    def is_installed(self) -> bool:
        return shutil.which("java") is not None and (self._jars_are_here() or shutil.which("mvn") is not None)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.ports[0]}"

    def launch(self) -> None:
        if not self._jars_are_here():
            self._fetch()
        data = self.folder / "data"
        port, controller = self.ports
        properties = self.folder / "server.properties"
        properties.write_text(_PROPERTIES.format(host=HOST, port=port, controller=controller, data=data), encoding="ascii")
        if not (data / "meta.properties").exists():
            shutil.rmtree(data, ignore_errors=True)
            made = subprocess.run(
                [*self._java, "kafka.tools.StorageTool", "format", "-t", str(uuid4()), "-c", str(properties), "--standalone"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if made.returncode:
                raise DoesNotRun(f"its data directory cannot be made: {made.stderr.strip() or made.stdout.strip()}")
        self.daemon.start([*self._java, "kafka.Kafka", str(properties)])

    @property
    def _jars(self) -> Path:
        return self.folder / "jars"

    @property
    def _java(self) -> list[str]:
        return ["java", _HEAP, _QUIET, "-cp", f"{self._jars}/*"]

    def _jars_are_here(self) -> bool:
        kept = self._jars / _POM.name
        return kept.exists() and kept.read_bytes() == _POM.read_bytes()

    def _fetch(self) -> None:
        """Fetch the jars. The POM is copied last: it marks them as complete."""
        shutil.rmtree(self._jars, ignore_errors=True)
        fetched = subprocess.run(
            ["mvn", "--batch-mode", "--quiet", "--file", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={self._jars}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if fetched.returncode:
            raise DoesNotRun(f"Maven could not fetch its jars: {fetched.stdout.strip()[-1000:]}")
        shutil.copy(_POM, self._jars)

    def answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.ports[0]), timeout=5) as connection:
                connection.sendall(struct.pack(">i", len(_API_VERSIONS)) + _API_VERSIONS)
                answer = connection.recv(10, socket.MSG_WAITALL)
        except OSError:
            return False
        return answer[4:] == struct.pack(">ih", 1, 0)
