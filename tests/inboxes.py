"""Servers on loopback that take what people are told: a web hook, a post office, the robots of three vendors."""

import email
import email.policy
import http.server
import json
import socketserver
import ssl
import threading
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trustme


class Hook:
    """A web hook; `messages` are the JSON bodies it got.

    `status` is what it answers, `pause` for how many seconds it thinks before, `answered` whether it has answered.
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.status = 200
        self.pause = 0.0
        self.answered = False
        self._closed = threading.Event()
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook._closed.wait(hook.pause)
                hook.answered = True
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
        self._closed.set()
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


class Vendors:
    """The robots' hosts of 企业微信, 飞书, Lark and 钉钉, with certificates for their names.

    `asked` is what they got: host, path, query and JSON; `answer` what they say, with `status`.
    """

    HOSTS = ("qyapi.weixin.qq.com", "open.feishu.cn", "open.larksuite.com", "oapi.dingtalk.com")

    def __init__(self, folder: Path) -> None:
        self.asked: list[tuple[str, str, dict[str, str], dict]] = []
        self.answer: object = {"errcode": 0, "errmsg": "ok"}
        self.status = 200
        authority = trustme.CA()
        self.trust = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.trust)
        vendors = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                vendors.asked.append((self.headers["Host"], parts.path, query, body))
                answer = vendors.answer
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(vendors.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                """Keeps the test's output clean."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*self.HOSTS).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self._server = _started(server)
        self.port = server.server_address[1]

    @property
    def settings(self) -> str:
        """What makes an office dial them in the place of the real ones."""
        named = ", ".join(f'"{host}:443": "127.0.0.1:{self.port}"' for host in self.HOSTS)
        return f"connect_to: {{{named}}}\ntrust: {self.trust}\n"

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
