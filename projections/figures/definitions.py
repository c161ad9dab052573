"""The definitions of the figures, and their version: every answer carries it.

A change of what a figure means must change its sentence here; the version is a hash of the sentences.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

EDITION = "1"

DEFINITIONS: dict[str, str] = {
    "offered": "visits: offers of a call to a queue",
    "answered": "visits that an agent answered",
    "answered_within_sla": "answered with wait <= T, the queue's threshold when the visit was offered (or the one asked for)",
    "abandoned": "visits that the customer left, timeouts not among them",
    "timed_out": "visits that the queue's time limit ended",
    "transferred_out": "visits moved elsewhere before an answer",
    "left_by_key": "visits left by a key, for a callback too",
    "closed": "visits that a full or closed queue ended",
    "unknown": "visits whose end no source saw",
    "waiting": "visits without an end yet",
    "wait": "end of the visit - its start; time in an IVR is no wait",
    "sla_percent": "by the SLA profile asked for, or that of the queue",
    "profile offered": "answered<=T / offered",
    "profile answered-only": "answered<=T / answered",
    "profile asterisk-perf2": "(answered + abandoned + timed_out, each <=T) / (answered + abandoned + timed_out)",
    "profile amazon-connect": "(answered + abandoned + left_by_key, each <=T) / offered",
    "profile genesys": "answered<=T / (answered + abandoned [flow-outs: + transferred_out + timed_out + left_by_key] [no-short: - abandoned<=s]"
    " [no-abandons: - abandoned])",
    "profile xcally": "answered<=T / (answered + abandoned>T)",
    "profile offered-minus-short": "answered<=T / (offered - abandoned<=s)",
    "abandoned_percent": "100 x abandoned / offered",
    "asa_ms": "mean wait of answered visits",
    "msa_ms": "longest wait of answered visits",
    "aht_ms": "mean of talk + hold + wrap-up of answered visits where all three are known",
    "mht_ms": "longest talk + hold + wrap-up of an answered visit",
    "max_queued_ms": "longest wait of any visit whose end is known",
    "attribution arrival": "all of a visit posts where it was offered",
    "attribution event": "the offer where it was offered; the end, wait and handling where the wait ended",
    "attribution completion": "all of a visit posts where its handling ended, or its wait if nobody answered",
    "attribution clipped": "counts as arrival; waits and handling cut at the edges, means over the parts",
    "rounding": "percentages to two decimals, means to whole milliseconds, half up; null over zero cases",
    "entered": "calls that entered the IVR, posted where they entered",
    "states": "talking (with hold) > wrap-up > ringing > paused > available > offline; agents' times are clipped",
    "logged_ms": "from coming in to going out, as the sources tell or prove it; in it talking + wrap-up + ringing + paused + available",
    "dialled": "outbound attempts, posted where they were dialled",
    "connect_percent": "100 x attempts that were answered, rang out or were busy / attempts",
    "bounds": "low = seen; high = seen + ends nobody saw + visits that may be missing; percentages: lowest and highest reachable",
}

VERSION = f"{EDITION}-{sha256(msgspec.json.encode(DEFINITIONS, order='sorted')).hexdigest()[:12]}"
"""The version of the definitions by which an answer was calculated."""
