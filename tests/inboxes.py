"""Servers on loopback that take what people are told: a web hook and a post office."""

import email
import email.policy
import http.server
import json
import socketserver
import threading
import time
from email.message import EmailMessage


class Hook:
    """A web hook; `messages` are the JSON bodies it got, `status` what it answers, `pause` how long it thinks."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.status = 200
        self.pause = 0.0
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(hook.pause)
                if hook.status == 200:
                    hook.messages.append(json.loads(body))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_):
                """Keeps the test's output clean."""

        self._server = _started(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        self.port = self._server.server_address[1]

    @property
    def address(self) -> str:
        return f"json://editor:hook-password@127.0.0.1:{self.port}/hook-token"

    def close(self) -> None:
        _ended(self._server)


class PostOffice:
    """An SMTP server that takes any mail; `mails` are what it got, parsed."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        office = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(b"220 loopback\r\n")
                while line := self.rfile.readline().decode().strip():
                    verb = line[:4].upper()
                    if verb == "DATA":
                        self.wfile.write(b"354 go on\r\n")
                        data = b""
                        while (row := self.rfile.readline()) != b".\r\n":
                            data += row.removeprefix(b".")
                        office.mails.append(email.message_from_bytes(data, policy=email.policy.default))
                    answer = {"EHLO": b"250-loopback\r\n250 8BITMIME\r\n", "QUIT": b"221 bye\r\n"}
                    self.wfile.write(answer.get(verb, b"250 fine\r\n"))
                    if verb == "QUIT":
                        return

        self._server = _started(_Threaded(("127.0.0.1", 0), Handler))
        self.port = self._server.server_address[1]

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=desk@office.example.cn&to=editor@office.example.cn&mode=insecure"

    def close(self) -> None:
        _ended(self._server)


class _Threaded(socketserver.ThreadingTCPServer):
    daemon_threads = True


def _started(server):
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def _ended(server) -> None:
    server.shutdown()
    server.server_close()
