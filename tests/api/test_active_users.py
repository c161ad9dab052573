"""Who is kept out is out at once, and on every other process within two seconds, whatever token they have."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest
from cachetools import TTLCache

from api import active_users
from api.access_tokens import Claims
from api.active_users import REMEMBERED_S, ActiveUsers
from api.problem import Problem
from commands.users import ActivateUser, DeactivateUser
from tests.kit.http import operator


def test_a_token_is_refused_from_the_moment_in_which_its_user_is_kept_out(ana, log_in):
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-relatorio", "gerenciar-usuário"))
    me = bia.get("/v1/me").json()["id"]
    assert ana.post(f"/v1/users/{me}/deactivate").status_code == 200
    for refused in (bia.get("/v1/me"), bia.post(f"/v1/users/{me}/activate"), bia.get("/v1/live")):
        assert refused.status_code == 401
        assert refused.json()["detail"] == "this user may not log in any more"
    assert ana.post(f"/v1/users/{me}/activate").status_code == 200
    assert bia.get("/v1/me").status_code == 200


def test_an_administrator_is_no_prey_of_who_manages_users(ana, log_in):
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-usuário",))
    mine, anas = bia.get("/v1/me").json()["id"], ana.get("/v1/me").json()["id"]
    rights = {"level": "admin", "permissions": ["gerenciar-usuário", "gerenciar-empresas"]}
    for refused in (
        bia.ask("PUT", f"/v1/users/{mine}/permissions", json=rights),
        bia.post("/v1/users", {"name": "Eu", "email": "eu@empresa.example", **rights}),
        bia.post("/v1/users/password-link", {"email": "ana@empresa.example"}),
        bia.post(f"/v1/users/{anas}/deactivate"),
    ):
        assert refused.status_code == 403, refused.text


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(active_users, "TTLCache", lambda size, ttl, _: TTLCache(size, ttl, lambda: now[0]))
    return now


def test_another_process_notices_within_two_seconds(center, ana, clock):
    users = ActiveUsers(center.store)
    me = UUID(ana.get("/v1/me").json()["id"])
    claims = Claims(me, operator("Empresa").tenant, frozenset(), 0)
    assert asyncio.run(users.includes(claims))
    center.bus.execute(DeactivateUser(user=me), operator("Empresa"))
    clock[0] += REMEMBERED_S + 0.01
    with pytest.raises(Problem):
        asyncio.run(users.must_include(claims))
    center.bus.execute(ActivateUser(user=me), operator("Empresa"))
    clock[0] += REMEMBERED_S + 0.01
    assert asyncio.run(users.includes(claims))
    assert REMEMBERED_S < 2


def test_a_token_of_nobody_and_of_another_company_lets_nobody_in(center, ana):
    users = ActiveUsers(center.store)
    me = UUID(ana.get("/v1/me").json()["id"])
    assert not asyncio.run(users.includes(Claims(uuid4(), operator("Empresa").tenant, frozenset(), 0)))
    assert not asyncio.run(users.includes(Claims(me, operator("Outra").tenant, frozenset(), 0)))
    assert asyncio.run(users.includes(Claims(me, operator("Empresa").tenant, frozenset(), 0)))
    assert not asyncio.run(users.includes(Claims(me, operator("Terceira").tenant, frozenset(), 0)))
