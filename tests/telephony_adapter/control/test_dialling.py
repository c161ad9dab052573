"""What the PBX is told of a call that an agent asks for."""

from __future__ import annotations

import pytest

from settings import Asterisk
from telephony_adapter.control.dialling import of_queue
from telephony_adapter.control.pbx import Pbx, PbxRefuses
from tests.kit.facts import TENANT


@pytest.mark.parametrize(
    ("name", "value"),
    [("vendas", "vendas"), ("Pós-venda (SP)", "Pós-venda (SP)"), ("a,GLOBAL(T)=1", r"a\,GLOBAL(T)=1"), ('"a",\\', r"\"a\"\,\\")],
)
def test_the_name_of_a_queue_is_one_variable_and_calls_no_function(name: str, value: str) -> None:
    assert of_queue(name) == f"__ATENDE_FILA={value}"


def test_the_trunk_is_nobodys_telephone_whoever_has_chosen_it() -> None:
    pbx = Pbx(Asterisk("pbx", "u", "s", trunk="tronco"), TENANT, None, None, lambda: 0)  # type: ignore[arg-type]
    with pytest.raises(PbxRefuses):
        pbx.ring("PJSIP/Tronco", 1)
    assert not pbx.is_trunk("PJSIP/tronco2")
    assert not Pbx(Asterisk("pbx", "u", "s"), TENANT, None, None, lambda: 0).is_trunk("PJSIP/")  # type: ignore[arg-type]
