"""Numbers and names of customers, for callers who may read them. Forgotten data reads as forgotten."""

from __future__ import annotations

from uuid import UUID

from domain.contacts import Contact
from store.event_store import Store, project


class People:
    """Numbers and names of the contacts of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def number(self, sealed: str) -> str:
        """A telephone number; "" for ""."""
        return self._store.keyring.open_text(sealed)

    def text(self, sealed: str) -> str:
        """What somebody wrote about a customer."""
        return self._store.keyring.open_text(sealed)

    def name(self, contact: UUID) -> str:
        """A contact's name; "" while it is unknown."""
        known = project(self._store.stream(contact), Contact)
        return self._store.keyring.open(known.name) if known is not None and known.name is not None else ""
