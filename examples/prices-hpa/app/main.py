"""Prices of a catalogue; each answer costs some CPU, so that an autoscaler has something to do."""

import hashlib
import json
import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRICES = {"apple": 120, "pear": 150, "plum": 90}
ROUNDS = int(os.environ.get("ROUNDS", "2000"))


def signature(text: str) -> str:
    digest = text.encode()
    for _ in range(ROUNDS):
        digest = hashlib.sha256(digest).digest()
    return digest.hex()[:16]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.split("?", 1)[0]
        if path == "/health":
            self.answer(200, {"status": "OK"})
        elif path == "/prices":
            self.answer(200, {"prices": PRICES, "signature": signature("all")})
        elif path.startswith("/prices/") and path[8:] in PRICES:
            name = path[8:]
            self.answer(200, {"name": name, "price": PRICES[name], "signature": signature(name)})
        else:
            self.answer(404, {"error": "not found"})

    def answer(self, status: int, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args) -> None:
        """Under load a line a request is most of the work."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
