"""What crawlers see of a link: title, description and picture, at the root of a site and below a path."""

import io
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.requests import Request

from normscape.views.session.link_preview import DESCRIPTION, PICTURE_SIZE, address_of, tags
from normscape.views.texts.questions import QUESTIONS
from tests.conftest import served

CRAWLER = {"User-Agent": "facebookexternalhit/1.1", "Accept": "text/html"}


class Head(HTMLParser):
    """The title and the meta tags of a page, by name or property."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, list[str]] = {}
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own: dict[str, Any] = dict(attrs)
        self.in_title = tag == "title"
        if tag == "meta" and (name := own.get("property") or own.get("name")):
            self.tags.setdefault(name, []).append(own["content"])

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.tags.setdefault("title", []).append(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_title = False


def fetched(address: str, **headers: str) -> tuple[bytes, str]:
    """The content and the type at an address."""
    with urllib.request.urlopen(urllib.request.Request(address, headers=CRAWLER | headers), timeout=10) as answer:
        assert answer.status == 200
        return answer.read(), answer.headers.get_content_type()


def head_of(html: str) -> dict[str, str]:
    parser = Head()
    parser.feed(html)
    assert all(len(values) == 1 for name, values in parser.tags.items()), parser.tags  # none twice
    return {name: values[0] for name, values in parser.tags.items()}


def asked(**headers: str) -> Request:
    """A request with headers, as the server receives it."""
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "scheme": "http", "path": "/", "headers": pairs, "server": ("10.0.0.1", 8501)}
    return Request(scope | {"query_string": b""})


@pytest.mark.parametrize(
    ("headers", "base", "address"),
    [
        ({"host": "example.org"}, "", "http://example.org/"),
        ({"host": "127.0.0.1:8501"}, "normscape", "http://127.0.0.1:8501/normscape/"),
        ({"host": "[::1]:8501"}, "", "http://[::1]:8501/"),
        ({"host": "inside:8501", "x_forwarded_host": "example.org, inside"}, "", "http://example.org/"),
        ({"host": "example.org", "x_forwarded_proto": "https"}, "", "https://example.org/"),
        ({"host": "example.org", "x_forwarded_proto": "javascript"}, "", "http://example.org/"),
        ({"host": 'a"><script>'}, "", "./"),
        ({}, "normscape", "./"),
    ],
)
def test_addresses_are_those_that_visitors_use(headers: dict[str, str], base: str, address: str) -> None:
    assert address_of(asked(**headers), base) == address


@pytest.mark.parametrize("title", QUESTIONS)
def test_every_page_has_its_question(title: str) -> None:
    head = head_of(tags(title, "page", "https://example.org/"))
    assert head["title"] == f"{title} · Normscape"
    assert head["og:title"] == head["twitter:title"] == QUESTIONS[title]
    assert head["og:url"] == "https://example.org/page"


@pytest.fixture(scope="module", params=["", "normscape"], ids=["at the root", "below a path"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    base: str = request.param
    options = ["--server.baseUrlPath", base] if base else []
    folder: Path = tmp_path_factory.mktemp("site")
    with served(folder / "log", *options) as address:
        yield f"{address}/{base}/" if base else f"{address}/"


@pytest.mark.parametrize(("path", "title"), [("", "Surfaces"), ("learning-rates", "Learning rates")])
def test_a_crawler_finds_title_description_and_picture(site: str, path: str, title: str) -> None:
    content, kind = fetched(site + path)
    assert kind == "text/html"
    head = head_of(content.decode())
    assert head["title"] == f"{title} · Normscape"
    assert head["og:title"] == QUESTIONS[title]
    assert head["description"] == head["og:description"] == DESCRIPTION
    assert head["og:url"] == site + path
    assert head["twitter:card"] == "summary_large_image"
    assert head["og:image"] == head["twitter:image"]
    assert head["og:image"].startswith(site)
    picture, kind = fetched(head["og:image"])
    assert kind == head["og:image:type"] == "image/png"
    width, height = Image.open(io.BytesIO(picture)).size
    assert (width, height) == PICTURE_SIZE
    assert (head["og:image:width"], head["og:image:height"]) == (str(width), str(height))
    assert len(picture) < 600_000  # some chats show no larger ones


def test_behind_a_proxy_the_addresses_are_those_of_the_site(site: str) -> None:
    content, _ = fetched(site, **{"Host": "example.org", "X-Forwarded-Proto": "https"})
    assert head_of(content.decode())["og:image"].startswith("https://example.org/")
