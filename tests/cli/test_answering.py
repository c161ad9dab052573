"""The IVR over FastAGI, as the settings have it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bootstrap import Embedded
from cli.asterisk import answering
from cli.company import caller, known_or_new
from commands.ivr import RegisterIvr
from domain.ivr_settings import Message
from settings import Agi, Asterisk, Settings
from tests.kit.agi import FakePbx

ELSEWHERE = "192.0.2.1"
HERE = "127.0.0.1"


@pytest.mark.parametrize(("host", "networks", "taken"), [(HERE, (), True), (ELSEWHERE, (), False), (ELSEWHERE, ("127.0.0.0/8",), True)])
def test_a_call_is_taken_from_an_asterisk_of_its_company_or_a_network_of_the_setting(
    tmp_path: Path, host: str, networks: tuple[str, ...], taken: bool
) -> None:
    settings = Settings(agi=Agi(HERE, 0, None, networks))
    with closing(Embedded(tmp_path / "data", settings)) as center:
        first, second = known_or_new(center, ""), known_or_new(center, "Outra")
        center.bus.execute(RegisterIvr(name="principal", welcome=Message(text="Olá")), caller(second))
        followed = [(Asterisk(HERE, 5038, "atende", "x"), first), (Asterisk(host, 5038, "atende", "x"), second)]
        with answering(center, settings, followed) as server:
            assert server is not None
            with FakePbx(server.port, path="principal?company=Outra") as pbx:
                pbx.run()
    assert bool(pbx.commands) is taken
