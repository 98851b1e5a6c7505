"""A local HTTP server that misbehaves on demand, and remembers what it was asked."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Server(http.server.ThreadingHTTPServer):
    """Serves bytes by path; `behaviors` are used up one per request, the last one stays."""

    daemon_threads = True

    def __init__(self, content: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.behaviors: list[Callable[[Handler, bytes], None]] = [ranges]
        self.asked: list[tuple[str, str | None]] = []  # path and Range
        self.sent = 0

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        self.server.asked.append((path, self.headers.get("Range")))
        behaviors = self.server.behaviors
        behavior = behaviors.pop(0) if len(behaviors) > 1 else behaviors[0]
        if path not in self.server.content:
            return self.send_error(404)
        return behavior(self, self.server.content[path])

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes, *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.server.sent += len(body)


def begin_of(handler: Handler) -> int:
    named = handler.headers.get("Range")
    return int(named.removeprefix("bytes=").rstrip("-")) if named else 0


def ranges(handler: Handler, body: bytes, *, tag: str = '"one"') -> None:
    """A good server: partial answers where asked, whole ones where the file is another by now."""
    begin = begin_of(handler)
    if begin and begin >= len(body):
        return handler.send_error(416)
    if not begin or handler.headers.get("If-Range", tag) != tag:
        return handler.answer(200, body, ETag=tag)
    span = f"bytes {begin}-{len(body) - 1}/{len(body)}"
    return handler.answer(206, body[begin:], ETag=tag, Content_Range=span)


def truncating(after: int) -> Callable[[Handler, bytes], None]:
    """Closes the connection after so many bytes, though it announced all."""

    def behave(handler: Handler, body: bytes) -> None:
        begin = begin_of(handler)
        span = f"bytes {begin}-{len(body) - 1}/{len(body)}"
        extra = {"Content_Range": span} if begin else {}
        part = body[begin : begin + after]
        handler.answer(206 if begin else 200, part, length=len(body) - begin, ETag='"one"', **extra)
        handler.close_connection = True

    return behave


def stalling(after: int, seconds: float) -> Callable[[Handler, bytes], None]:
    """Sends so many bytes and then nothing for a while."""

    def behave(handler: Handler, body: bytes) -> None:
        handler.answer(200, body[:after], length=len(body), ETag='"one"')
        handler.wfile.flush()
        time.sleep(seconds)
        handler.close_connection = True

    return behave


def slow(pieces: int, pause: float) -> Callable[[Handler, bytes], None]:
    """Sends everything, little by little."""

    def behave(handler: Handler, body: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        size = -(-len(body) // pieces)
        for first in range(0, len(body), size):
            try:
                handler.wfile.write(body[first : first + size])
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(pause)

    return behave


def without_ranges(handler: Handler, body: bytes) -> None:
    """Gives all of it whatever was asked."""
    handler.answer(200, body)


def wrong_range(handler: Handler, body: bytes) -> None:
    """Says 206 and sends another part."""
    handler.answer(206, body[3:], Content_Range=f"bytes 3-{len(body) - 1}/{len(body)}")


def changed(handler: Handler, body: bytes) -> None:
    """Has another version of the file by now."""
    ranges(handler, body, tag='"two"')


def failing(status: int) -> Callable[[Handler, bytes], None]:
    return lambda handler, _: handler.send_error(status)


def moved(handler: Handler, body: bytes) -> None:
    """Sends elsewhere, to the same path with a 2 in front."""
    handler.send_response(302)
    handler.send_header("Location", f"/2{handler.path.lstrip('/')}")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@contextmanager
def serving(content: dict[str, bytes]) -> Iterator[Server]:
    server = Server(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
