"""What the PBX is told of a call that an agent asks for."""

from __future__ import annotations

import pytest

from telephony_adapter.control.dialling import of_queue


@pytest.mark.parametrize(
    ("name", "value"),
    [("vendas", "vendas"), ("Pós-venda (SP)", "Pós-venda (SP)"), ("a,GLOBAL(T)=1", r"a\,GLOBAL(T)=1"), ('"a",\\', r"\"a\"\,\\")],
)
def test_the_name_of_a_queue_is_one_variable_and_calls_no_function(name: str, value: str) -> None:
    assert of_queue(name) == f"__ATENDE_FILA={value}"
