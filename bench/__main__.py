"""`make bench`, `make bench-distributed`: print one JSON document with all figures of speed. Progress goes to standard error."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import asterisk_load as calling
from bench import commands_postgresql as saving_on_server
from bench import commands_sqlite as saving
from bench import console as seeing
from bench import console_pages as looking
from bench import end_to_end as whole_way
from bench import http_commands as web
from bench import imports as importing
from bench import inbound_dashboard as asking
from bench import kafka_bulk as bulk
from bench import large_console as growing
from bench import projections as following
from bench import relay as relaying
from bench import ring_all as ringing
from bench import watch as watching
from bench import workers as working

Figure = Callable[[bool], dict[str, Any]]

FIGURES: dict[str, Figure] = {
    "commands_32_callers": saving.many_callers,
    "commands_1_caller_load_10_append_1": saving.one_caller,
    "commands_1_caller_load_10_append_1_calls": saving.one_caller_on_calls,
    "http_commands": web.commands_over_http,
    "ring_all_log": ringing.size_of_log,
    "ring_all_one_more_fact": ringing.one_more_fact,
    "ring_all_load": ringing.loading,
    "plain_call_events": ringing.plain_call,
    "import_ami": importing.ami_capture,
    "import_queue_log": importing.queue_log,
    "event_to_dashboard": following.event_to_dashboard,
    "rebuild": following.rebuild,
    "dashboard": asking.dashboard,
    "watched_board": watching.watched_board,
    "board_in_browser": seeing.board_in_browser,
    "console_pages": looking.console_pages,
    "console_of_ten_million": growing.console_of_ten_million,
}

DISTRIBUTED: dict[str, Figure] = {
    "commands_32_callers_on_postgresql": saving_on_server.many_callers_on_server,
    "relay": relaying.relay,
    "worker": working.worker,
    "rebuild_from_kafka": bulk.rebuild_from_kafka,
    "restore_from_kafka": bulk.restore_from_kafka,
    "deployment_throughput": whole_way.throughput,
    "deployment_event_to_dashboard": whole_way.to_dashboard,
    "deployment_event_to_dashboard_after_an_hour": whole_way.to_dashboard_after_an_hour,
    "watched_board_on_servers": watching.watched_board_on_servers,
}
"""The figures that need servers: `make bench-distributed`."""

ASTERISK: dict[str, Figure] = {
    "asterisk_calls_a_second": calling.calls_a_second,
    "asterisk_calls_in_progress": calling.many_calls_in_progress,
    "asterisk_recorded_talks": calling.recorded_talks,
}
"""The figures that need an Asterisk: `make bench-asterisk`."""

ALL = FIGURES | DISTRIBUTED | ASTERISK


def main() -> None:
    """Measure the selected figures: by default all that need no server."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figures of speed, each beside its raw reference in the same run.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds: it takes minutes and the figures are noisier")
    parser.add_argument("--distributed", action="store_true", help="measure a deployment of many processes, on the servers in the settings")
    parser.add_argument("--asterisk", action="store_true", help="measure a real Asterisk that is followed and driven")
    parser.add_argument("--only", nargs="+", choices=list(ALL), metavar="FIGURE", help=", ".join(ALL))
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    for name in options.only or (DISTRIBUTED if options.distributed else ASTERISK if options.asterisk else FIGURES):
        print(f"{name} ...", file=sys.stderr, flush=True)
        started = time.perf_counter()
        figures[name] = {"means": _first_line(ALL[name]), **ALL[name](options.quick)}
        # An interrupted run has shown its figures so far.
        print(f"{name}: {time.perf_counter() - started:.0f} s {json.dumps(figures[name], ensure_ascii=False)}", file=sys.stderr, flush=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg(), "quick": options.quick}
    print(json.dumps({"machine": machine, "figures": figures}, ensure_ascii=False, indent=2))


def _first_line(figure: Figure) -> str:
    return (figure.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    main()
