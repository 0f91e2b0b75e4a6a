"""Users over HTTP, in PostgreSQL."""

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pg8000.dbapi

from database import transaction

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
requests: Counter = Counter()
buckets: Counter = Counter()
seconds: Counter = Counter()
lock = threading.Lock()


def observe(method: str, route: str, status: int, took: float) -> None:
    with lock:
        requests[method, route, status] += 1
        seconds[method, route] += took
        for bound in BUCKETS:
            buckets[method, route, bound] += took <= bound


def exposition() -> str:
    lines = ["# TYPE http_requests_total counter"]
    with lock:
        counts: Counter = Counter()
        for (method, route, status), count in sorted(requests.items()):
            counts[method, route] += count
            lines.append(f'http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}')
        lines.append("# TYPE http_request_duration_seconds histogram")
        for (method, route), count in sorted(counts.items()):
            labels = f'method="{method}",route="{route}"'
            for bound in BUCKETS:
                value = buckets[method, route, bound]
                lines.append(f'http_request_duration_seconds_bucket{{{labels},le="{bound}"}} {value}')
            lines.append(f'http_request_duration_seconds_bucket{{{labels},le="+Inf"}} {count}')
            lines.append(f"http_request_duration_seconds_sum{{{labels}}} {seconds[method, route]}")
            lines.append(f"http_request_duration_seconds_count{{{labels}}} {count}")
    return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        began = time.monotonic()
        path = self.path.split("?", 1)[0].rstrip("/") or "/"
        if path == "/metrics":
            return self.send(200, exposition(), "text/plain; version=0.0.4")
        route = re.sub(r"/\d+", "/{id}", path)
        try:
            status, body = self.answer(path)
        except pg8000.dbapi.DatabaseError as error:
            taken = isinstance(error.args[0], dict) and error.args[0].get("C") == "23505"
            status, body = (409, {"error": "this email is taken"}) if taken else (500, {"error": "the database refuses"})
        except (pg8000.dbapi.InterfaceError, OSError):
            status, body = 503, {"error": "the database does not answer"}
        except (KeyError, ValueError):
            status, body = 400, {"error": "name and email are needed"}
        observe(self.command, route if status != 404 else "other", status, time.monotonic() - began)
        self.send(status, "" if body is None else json.dumps(body), "application/json")

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def answer(self, path: str) -> tuple[int, dict | list | None]:
        method = self.command
        if path in ("/", "/health"):
            return 200, {"status": "OK"}
        if path == "/ready":
            with transaction() as cursor:
                cursor.execute("SELECT 1 FROM users LIMIT 1")
            return 200, {"status": "OK"}
        if path == "/users" and method == "POST":
            name, email = self.given()
            with transaction() as cursor:
                cursor.execute("INSERT INTO users (name, email) VALUES (%s, %s) RETURNING id", (name, email))
                (number,) = cursor.fetchone()
            return 201, {"id": number, "name": name, "email": email}
        if path == "/users" and method == "GET":
            with transaction() as cursor:
                cursor.execute("SELECT id, name, email FROM users ORDER BY id DESC LIMIT 20")
                return 200, [dict(zip(("id", "name", "email"), row)) for row in cursor.fetchall()]
        found = re.fullmatch(r"/users/(\d{1,15})", path)
        return self.one(method, int(found[1])) if found else (404, {"error": "not found"})

    def one(self, method: str, number: int) -> tuple[int, dict | None]:
        with transaction() as cursor:
            if method == "DELETE":
                cursor.execute("DELETE FROM users WHERE id = %s RETURNING id", (number,))
                return (204, None) if cursor.fetchone() else (404, {"error": "no such user"})
            if method == "PUT":
                name, email = self.given()
                cursor.execute("UPDATE users SET name = %s, email = %s WHERE id = %s", (name, email, number))
            cursor.execute("SELECT id, name, email FROM users WHERE id = %s", (number,))
            row = cursor.fetchone()
        return (200, dict(zip(("id", "name", "email"), row))) if row else (404, {"error": "no such user"})

    def given(self) -> tuple[str, str]:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        return str(body["name"]), str(body["email"])

    def send(self, status: int, text: str, content_type: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args) -> None:
        """The metrics say it."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8000"))), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
