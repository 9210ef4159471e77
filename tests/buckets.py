"""A store of objects on loopback that speaks S3's protocol."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
import pytest
from moto.server import ThreadedMotoServer
from werkzeug.serving import WSGIRequestHandler


class Bucket:
    """A server with one bucket; what is in it survives a stop."""

    secret = "not-to-be-told-5f1c"

    def __init__(self) -> None:
        self.start(0)

    def start(self, port: int) -> None:
        """Answers from now on."""
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        self._server.start()
        host, self.port = self._server.get_host_and_port()
        self.url = f"http://{host}:{self.port}"

    def stop(self) -> int:
        """Answers no more; returns the port."""
        self._server.stop()
        return self.port

    def place(self, prefix: str = "") -> str:
        """An address in it where nothing is yet."""
        return f"s3://office/{prefix or uuid.uuid4().hex}"


@contextmanager
def served() -> Iterator[Bucket]:
    """A server, named in the environment as an operator would."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with pytest.MonkeyPatch.context() as patched:
        # a connection an answer: those that a client keeps open would be left to the collector, in a test of others
        patched.setattr(WSGIRequestHandler, "protocol_version", "HTTP/1.0")
        made = Bucket()
        for name, value in {
            "AWS_ENDPOINT_URL": made.url,
            "AWS_ACCESS_KEY_ID": "desk",
            "AWS_SECRET_ACCESS_KEY": made.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patched.setenv(name, value)
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        if not system.exists("office"):  # moto keeps what is in it for as long as the process lives
            system.mkdir("office")
        try:
            yield made
        finally:
            made.stop()
