"""Phones in the browser: the PBX gets the telephone of a session, and loses it when the session has ended.

The telephone is three objects that ARI writes into the PBX's own database (`sorcery.conf`): no reload, calls go on, and a restart keeps them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from commands.handler_context import Command
from commands.phones import phone_password
from domain.base import Event
from domain.phones import Phone, PhoneEvent, PhoneSessionClosed, PhoneSessionOpened, PhoneSessionRenewed
from settings import Asterisk
from telephony_adapter.control.effects import Effect
from telephony_adapter.control.pbx import Pbx, PbxRefuses

log = logging.getLogger(__name__)

CONTEXT = "atende-phones"
"""The dialplan's context in which these telephones dial."""

_KINDS = ("auth", "aor", "endpoint")
"""In this order none of them names one that is not there yet."""

_NOT_FOUND = 404


class BrowserPhones(Effect):
    """Makes the telephones of browsers at the PBX equal to the sessions that are open."""

    TOPICS = (PhoneSessionOpened.TOPIC, PhoneSessionRenewed.TOPIC, PhoneSessionClosed.TOPIC)
    EXPIRES_US = None

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Write the telephone, unless it is there with the same credential; remove it when there is no session."""
        phone = pbx.load(Phone, event.originator_id)
        if phone is None or not isinstance(event, PhoneEvent) or not pbx.asterisk.phone:
            return ()
        if pbx.ari is None:
            log.warning("asterisk cannot have phones in the browser: the setting has no ari name=%s", pbx.asterisk.name)
            return ()
        if not phone.nonce:
            for kind in reversed(_KINDS):
                _ask(pbx, "DELETE", kind, phone.endpoint)
            return ()
        password = phone_password(pbx.store.keyring, pbx.tenant, phone.nonce)
        if {"attribute": "password", "value": password} not in (_ask(pbx, "GET", "auth", phone.endpoint) or []):
            objects = telephone(phone.endpoint, event.name, password, pbx.asterisk)
            for kind in _KINDS:
                _ask(pbx, "PUT", kind, phone.endpoint, objects[kind])
        return ()


def telephone(name: str, agent: str, password: str, asterisk: Asterisk) -> dict[str, dict[str, str]]:
    """The objects of a browser's telephone: one browser at a time, which a later one replaces."""
    shown = agent.replace("\\", "").replace('"', "")
    endpoint = {
        "webrtc": "yes",
        "context": CONTEXT,
        "disallow": "all",
        # Without recoding for carriers, which speak it.
        "allow": "ulaw,opus",
        "auth": name,
        "aors": name,
        "callerid": f'"{shown}" <{name}>',
        "direct_media": "no",
        "allow_transfer": "yes",
        # Queues do not ring an agent who talks.
        "device_state_busy_at": "1",
        # A browser that is gone says nothing: its caller must not talk to nobody.
        "rtp_timeout": "10",
        "rtp_timeout_hold": "300",
    }
    if _is_loopback(asterisk.host):
        # A browser of this machine and the PBX use the loopback, which the PBX offers to nobody by itself.
        endpoint |= {"media_address": asterisk.host, "bind_rtp_to_media_address": "yes"}
    return {
        "auth": {"auth_type": "digest", "username": name, "password": password},
        "aor": {"max_contacts": "1", "remove_existing": "yes", "remove_unavailable": "yes", "qualify_frequency": "30"},
        "endpoint": endpoint,
    }


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _ask(pbx: Pbx, method: str, kind: str, name: str, fields: Mapping[str, str] | None = None) -> Any:
    """Send a request to ARI about one object; its answer, None for one that is not there. Raises PbxRefuses."""
    assert pbx.ari is not None
    body = None if fields is None else {"fields": [{"attribute": attribute, "value": value} for attribute, value in fields.items()]}
    answer = pbx.ari.request(method, f"asterisk/config/dynamic/res_pjsip/{kind}/{name}", json=body)
    if answer.status_code == _NOT_FOUND and fields is None:
        return None
    if not answer.is_success:
        # Its message may repeat a value.
        raise PbxRefuses(f"ARI {method} {kind}", f"status {answer.status_code}")
    return answer.json() if answer.content else None
