"""The protocol numbers (PROTOCOLO) of calls: each company counts its own, and no number is given twice."""

from __future__ import annotations

from uuid import UUID

from store.recorder import ChainedRecorder

SCHEMA = "CREATE TABLE IF NOT EXISTS protocols (tenant BLOB PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID"

_BLOCK = 1000


class ProtocolNumbers:
    """The numbers that this process gives. They are reserved in blocks, so there may be gaps. Thread-safe."""

    def __init__(self, recorder: ChainedRecorder) -> None:
        self._recorder = recorder
        self._blocks: dict[UUID, tuple[int, int]] = {}

    def next(self, tenant: UUID) -> int:
        """A number that this company has never had."""
        with self._recorder.lock:
            following, end = self._blocks.get(tenant, (0, 0))
            if following == end:
                with self._recorder.transaction() as db:
                    db.execute("INSERT INTO protocols VALUES (?, 1) ON CONFLICT DO NOTHING", (tenant.bytes,))
                    end = db.execute("UPDATE protocols SET next = next + ? WHERE tenant = ? RETURNING next", (_BLOCK, tenant.bytes))[0][0]
                following = end - _BLOCK
            self._blocks[tenant] = (following + 1, end)
            return following

    def give_back(self, tenant: UUID, number: int) -> None:
        """Let the next call have this number, which none has got. Only the number that was taken last can be given back."""
        with self._recorder.lock:
            following, end = self._blocks.get(tenant, (0, 0))
            if following == number + 1:
                self._blocks[tenant] = (number, end)

    def any_given(self, tenant: UUID) -> bool:
        """Whether any call of this company was ever given a number."""
        return bool(self._recorder.db.read("SELECT 1 FROM protocols WHERE tenant = ? AND next > 1", (tenant.bytes,)))

    def forget_blocks(self) -> None:
        """Reserve new blocks: a transaction was undone, and perhaps with it the reservation of a block."""
        self._blocks.clear()

    def return_unused(self) -> None:
        """Let other processes give the numbers that are left of the blocks."""
        if not self._blocks:
            return
        with self._recorder.transaction() as db:
            for tenant, (following, end) in self._blocks.items():
                db.execute("UPDATE protocols SET next = ? WHERE tenant = ? AND next = ?", (following, tenant.bytes, end))
