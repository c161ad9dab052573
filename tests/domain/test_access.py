"""What a scope makes visible, and who may act on behalf of whom."""

from __future__ import annotations

from typing import get_args
from uuid import UUID

import pytest

from domain import access
from domain.access import (
    ACT_FOR_OTHERS,
    ATTEND,
    MANAGE_USERS,
    PERMISSIONS,
    Actor,
    Asker,
    Group,
    Level,
    Scope,
    acts_for_another,
    must_be_above,
    must_have_all,
)
from domain.errors import NotAllowed

ANA, BIA = UUID(int=1), UUID(int=2)


def test_each_permission_exists_once():
    assert len(set(PERMISSIONS)) == len(PERMISSIONS) == 28
    named = [value for name, value in vars(access).items() if name.isupper() and isinstance(value, str) and value]
    assert len(set(named)) == len(named)
    assert set(named) <= set(PERMISSIONS)


def test_the_whole_company_is_seen_without_a_restriction():
    scope = Scope.whole_company()
    assert scope.is_whole
    assert scope.sees_queue("vendas")
    assert scope.sees_agent("Ana")


def test_a_leader_sees_the_agents_of_the_groups_besides_those_named():
    scope = Scope(agents=frozenset({"Ana"}), groups=(Group("Vendas", frozenset({"Bruno"})), Group("Suporte", frozenset({"Caio"}))))
    assert scope.people == {"Ana", "Bruno", "Caio"}
    assert Scope(groups=()).people == frozenset()
    assert scope.agents_of(["Dora", "Caio", "Ana"]) == ["Caio", "Ana"]
    assert Scope(queues=frozenset({"vendas"})).queues_of(["suporte", "vendas"]) == ["vendas"]


def test_a_caller_without_the_named_permission_is_refused():
    asker = Asker(UUID(int=7), frozenset({"gerenciar-relatorio"}), Scope.whole_company())
    asker.must_have("gerenciar-relatorio")
    asker.must_have("")
    with pytest.raises(NotAllowed, match="gerenciar-service"):
        asker.must_have("gerenciar-service")


@pytest.mark.parametrize("level", get_args(Level))
def test_everybody_acts_as_the_agent_of_their_own(level):
    assert not acts_for_another(Actor(ANA, level, frozenset()), ANA)


@pytest.mark.parametrize("owner", [BIA, None])
def test_a_user_of_level_user_acts_for_nobody_else_whatever_the_permission(owner):
    with pytest.raises(NotAllowed, match="level user"):
        acts_for_another(Actor(ANA, "user", frozenset(PERMISSIONS)), owner)


@pytest.mark.parametrize("owner", [BIA, None])
@pytest.mark.parametrize("level", ["manager", "admin"])
def test_others_act_for_somebody_else_by_permission(level, owner):
    assert acts_for_another(Actor(ANA, level, frozenset({ACT_FOR_OTHERS})), owner)
    with pytest.raises(NotAllowed, match=ACT_FOR_OTHERS):
        acts_for_another(Actor(ANA, level, frozenset(set(PERMISSIONS) - {ACT_FOR_OTHERS})), owner)


def test_a_caller_who_is_no_user_acts_for_nobody_else():
    assert not acts_for_another(None, BIA)


ABOVE = {"admin": {"manager", "user"}, "manager": {"user"}, "user": set()}


@pytest.mark.parametrize("theirs", get_args(Level))
@pytest.mark.parametrize("own", get_args(Level))
def test_one_changes_only_users_below_ones_own_level(own, theirs):
    actor = Actor(ANA, own, frozenset(PERMISSIONS))
    if theirs in ABOVE[own]:
        must_be_above(actor, BIA, theirs)
    else:
        with pytest.raises(NotAllowed, match="level"):
            must_be_above(actor, BIA, theirs)
    must_be_above(None, BIA, theirs)


@pytest.mark.parametrize("level", get_args(Level))
def test_nobody_changes_their_own_rights(level):
    with pytest.raises(NotAllowed, match="own rights"):
        must_be_above(Actor(ANA, level, frozenset(PERMISSIONS)), ANA, "user")


@pytest.mark.parametrize("given", get_args(Level))
@pytest.mark.parametrize("own", get_args(Level))
def test_nobody_gives_a_level_or_a_permission_that_they_do_not_have(own, given):
    actor = Actor(ANA, own, frozenset({MANAGE_USERS, ATTEND}))
    if given in {own, *ABOVE[own]}:
        must_have_all(actor, given, [ATTEND])
        with pytest.raises(NotAllowed, match="do not have: gerenciar-contatos"):
            must_have_all(actor, given, [ATTEND, "gerenciar-contatos"])
    else:
        with pytest.raises(NotAllowed, match="level"):
            must_have_all(actor, given, [])
    must_have_all(None, given, PERMISSIONS)
