"""Loaded beside a user's locustfile: tells hwctl once a second what its requests came to, as lines of JSON."""

import json
import math
import os

import gevent
from locust import events
from locust.runners import WorkerRunner

_pipe = os.environ.get("HWCTL_LISTENER_FD")
_host = os.environ.get("HWCTL_HOST_HEADER")
_steps = {}


def _bucket(milliseconds):
    """Microseconds with three digits: the precision of hwctl's histograms."""
    us = max(1, round(milliseconds * 1000))
    unit = 10 ** max(0, math.floor(math.log10(us)) - 2)
    return str(round(us / unit) * unit)


def _add(step, ok, bucket, status, error, length):
    step["ok" if ok else "failed"] += 1
    step["us"][bucket] = step["us"].get(bucket, 0) + 1
    if status:
        step["status"][str(status)] = step["status"].get(str(status), 0) + 1
    if error:
        step["errors"][error] = step["errors"].get(error, 0) + 1
    step["bytes"] += length


def _step(method, name):
    key = f"{method} {name}"
    return _steps.setdefault(key, {"ok": 0, "failed": 0, "us": {}, "status": {}, "errors": {}, "bytes": 0})


@events.request.add_listener
def _on_request(request_type, name, response_time, response_length, exception=None, response=None, **_):
    status = getattr(response, "status_code", 0) or 0
    error = f"{type(exception).__name__}: {exception}"[:200] if exception else ""
    length = response_length or 0
    _add(_step(request_type, name), not exception, _bucket(response_time or 0), status, error, length)


def _taken():
    taken = dict(_steps)
    _steps.clear()
    return taken


@events.report_to_master.add_listener
def _on_report_to_master(data, **_):
    data["hwctl"] = _taken()


@events.worker_report.add_listener
def _on_worker_report(data, **_):
    for key, part in data.get("hwctl", {}).items():
        method, _, name = key.partition(" ")
        step = _step(method, name)
        for field in ("ok", "failed", "bytes"):
            step[field] += part[field]
        for field in ("us", "status", "errors"):
            for value, count in part[field].items():
                step[field][value] = step[field].get(value, 0) + count


def _say(line):
    try:
        os.write(int(_pipe), (json.dumps(line) + "\n").encode())
    except OSError:
        # Nobody listens any more: a load that nobody watches ends.
        os._exit(1)


@events.init.add_listener
def _on_init(environment, **_):
    if _host:
        _with_host(_host)
    if not _pipe or environment.runner is None or isinstance(environment.runner, WorkerRunner):
        return

    def tell():
        while True:
            gevent.sleep(1)
            runner = environment.runner
            _say({"users": runner.user_count, "state": runner.state, "steps": _taken()})

    gevent.spawn(tell)

    @events.quit.add_listener
    def _on_quit(exit_code, **_):
        total = environment.runner.stats.total
        count = {"requests": total.num_requests, "failures": total.num_failures}
        thrown = sum(each["count"] for each in environment.runner.exceptions.values())
        _say({"users": 0, "state": "over", "steps": _taken(), "locust": {**count, "exceptions": thrown}})


def _with_host(host):
    """The name that a gateway routes by, where the address is another."""
    from locust.clients import HttpSession

    made = HttpSession.__init__

    def init(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self.headers["Host"] = host

    HttpSession.__init__ = init
