"""The messages of webhooks in the OpenAPI document."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from api.webhook_examples import webhook_examples
from domain.webhook_messages import POSTED, WebhookMessage

_ID = "7b9d2f0e-5a4b-7c1e-9a77-0d5d8a8c6f10"


def described() -> tuple[dict[str, Any], dict[str, Any]]:
    """The section `webhooks` of the OpenAPI document, an operation for each type of message, and the schemas to which it refers."""
    (schema,), parts = msgspec.json.schema_components([WebhookMessage], ref_template="#/components/schemas/{name}")
    header = {"in": "header", "required": True, "schema": {"type": "string"}}
    parameters = [
        {
            **header,
            "name": "webhook-id",
            "description": "the same for every attempt: ignore a message whose id you had",
            "example": f"msg_{UUID(_ID).hex}",
        },
        {**header, "name": "webhook-timestamp", "description": "of this attempt, seconds since 1970", "example": "1772471109"},
        {
            **header,
            "name": "webhook-signature",
            "description": "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; one for each secret, apart by blanks",
            "example": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        },
    ]
    examples = webhook_examples()
    operations = {
        kind: {
            "post": {
                "summary": meaning,
                "operationId": f"on_{kind.replace('.', '_')}",
                "tags": ["webhooks"],
                "parameters": parameters,
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": schema, "example": examples[kind]},
                    },
                },
                "responses": {
                    "2XX": {"description": "Delivered, if it is answered within 10 s. Anything else is tried again, for three days."},
                    "410": {"description": "The webhook is disabled at once."},
                },
            }
        }
        for kind, meaning in POSTED.items()
    }
    return operations, parts
