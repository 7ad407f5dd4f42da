"""What the HTTP client promises about hosts, time, size and about what was sent."""

import datetime as dt
import gzip
import socket
import struct
import time
import uuid
from collections.abc import Callable

import httpcore2
import pytest
import respx
import structlog

from seatwright.vendors import bodies, deadline, http, port
from tests.vendors import wire_server
from tests.vendors.conftest import SECRET

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
QUICK = http.Timeouts(connect_s=0.5, read_s=0.3, total_s=0.8)


def client(base_url: str, **changes: object) -> http.HttpClient:
    return http.HttpClient(vendor="Vendor", base_url=base_url, timeouts=QUICK, **changes)  # type: ignore[arg-type]


def get(base_url: str, **changes: object) -> http.Reply:
    opened = client(base_url, **changes)
    try:
        return opened.send(method="GET", link="/x", headers={"Authorization": f"Bearer {SECRET}"})
    finally:
        opened.close()


def resetting(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(connection: socket.socket) -> None:
    time.sleep(1)


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    with pytest.raises(http.NotSent):
        get(f"http://127.0.0.1:{free}")


def test_an_unknown_host_means_that_nothing_was_sent() -> None:
    with pytest.raises(http.NotSent):
        get("https://nowhere.invalid")


def test_a_server_without_tls_means_that_nothing_was_sent() -> None:
    with wire_server.answering(wire_server.sending(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        address = server.url.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(http.NotSent):
            get(address)
        assert all(SECRET.encode() not in seen for seen in server.requests)


@pytest.mark.parametrize(
    "answer",
    [
        wire_server.sending(b""),
        resetting,
        silent,
        wire_server.sending(OK + b"Content-Length: 20\r\n\r\n{}"),
        wire_server.sending(b"not http at all\r\n\r\n"),
        wire_server.sending(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        wire_server.dripping(OK + b"Content-Length: 2\r\n\r\n{}", pause_s=0.05),
        wire_server.dripping(b"HTTP/1.1 100 Continue\r\n\r\n" * 20, pause_s=0.05),
    ],
    ids=["closed", "reset", "silence", "cut off", "noise", "bad chunk", "drip", "drip of nothing"],
)
def test_a_lost_answer_is_told_apart_from_a_request_that_was_not_sent(
    answer: Callable[[socket.socket], None],
) -> None:
    with wire_server.answering(answer) as server:
        started = time.monotonic()
        with pytest.raises(http.AnswerLost):
            get(server.url)
        assert time.monotonic() - started < 2
        assert len(server.requests) == 1


def test_a_call_whose_time_is_up_before_it_begins_is_not_sent() -> None:
    with wire_server.answering(wire_server.sending(b"")) as server:
        opened = http.HttpClient(vendor="Vendor", base_url=server.url, timeouts=http.Timeouts(total_s=0))
        with pytest.raises(http.NotSent):
            opened.send(method="POST", link="/x", headers={}, content=b"{}")
        assert server.requests == []
        opened.close()


def test_a_deadline_binds_the_calls_within_it_only() -> None:
    assert deadline._left_s(3.0, TimeoutError) == 3.0
    with deadline.within(seconds=100):
        assert deadline._left_s(3.0, TimeoutError) == 3.0
        unlimited = deadline._left_s(None, TimeoutError)
        assert unlimited is not None
        assert 90 < unlimited <= 100
    assert deadline._left_s(None, TimeoutError) is None


def packed(body: bytes, encoding: str = "gzip") -> bytes:
    return OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"Content-Length: 2000\r\n\r\n" + b" " * 2000,
        packed(gzip.compress(b" " * 10_000_000)),
        packed(gzip.compress(gzip.compress(b"{}")), "gzip, gzip"),
        packed(b"{}", "br"),
        packed(b"no gzip"),
        packed(gzip.compress(b'{"a": 1}')[:-6]),
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["too big", "gzip bomb", "packed twice", "brotli", "not packed", "packing cut off", "redirect", "same host"],
)
def test_an_answer_of_a_dangerous_form_is_refused_and_nothing_is_followed(raw: bytes) -> None:
    with wire_server.answering(wire_server.sending(raw)) as server:
        with pytest.raises(http.AnswerRefused):
            get(server.url, max_body_bytes=1000)
        assert len(server.requests) == 1


def test_a_packed_answer_is_unpacked() -> None:
    with wire_server.answering(wire_server.sending(packed(gzip.compress(b'{"a": 1}')))) as server:
        assert get(server.url).json() == {"a": 1}
        assert b"accept-encoding: gzip" in server.requests[0].lower()


def test_a_cookie_is_not_kept() -> None:
    raw = OK + b"Set-Cookie: a=b; Path=/\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    with wire_server.answering(wire_server.sending(raw)) as server:
        opened = client(server.url)
        for _ in range(2):
            opened.send(method="GET", link="/x", headers={})
        opened.close()
        assert all(b"cookie:" not in seen.lower() for seen in server.requests)


@pytest.mark.parametrize("url", ["http://partner.example", "ftp://localhost", "partner.example", "http://10.0.0.1"])
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        client(url)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1",
        "http://vendor.example/v1",
        "https://vendor.example:444/v1",
        "https://user@vendor.example/v1",
        "//evil.example/v1",
        "https://vendor.example.evil.example/",
        "https:///v1",
        "v1/customers",
        "",
    ],
)
def test_a_link_to_any_other_host_is_refused_before_anything_is_sent(link: str, httpx2_mock: respx.Router) -> None:
    with pytest.raises(http.AnswerRefused):
        client("https://vendor.example").send(method="GET", link=link, headers={"Authorization": SECRET})
    assert not httpx2_mock.calls


def test_a_link_to_the_same_host_is_followed_as_given() -> None:
    link = "https://vendor.example/v1.0/users?$skiptoken=RFNwdAIAAQ%3d%3d"
    assert client("https://vendor.example").target(link) == link


@pytest.mark.parametrize("identifier", ["", ".", "..", "x" * 201])
def test_an_identifier_that_would_change_the_path_is_refused(identifier: str) -> None:
    with pytest.raises(ValueError):
        http.path_part(identifier)


def test_an_identifier_is_one_segment_of_the_path() -> None:
    assert http.path_part("a/b?c#d e") == "a%2Fb%3Fc%23d%20e"


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "text/plain"])
def test_a_body_of_another_kind_is_not_read_as_json(kind: str) -> None:
    reply = http.Reply(status=200, headers={"content-type": kind}, body=b"{}")
    with pytest.raises(bodies.UnreadableBody):
        reply.json()


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/problem+json", ""]
)
def test_json_is_known_by_its_kind_or_by_having_none(kind: str) -> None:
    assert http.Reply(status=200, headers={"content-type": kind} if kind else {}, body=b"{}").json() == {}


def test_secrets_and_bodies_stay_out_of_logs_texts_and_representations(httpx2_mock: respx.Router) -> None:
    httpx2_mock.get("https://vendor.example/x").respond(500, text=SECRET)
    httpx2_mock.get("https://vendor.example/y").mock(side_effect=httpcore2.ReadError(SECRET))
    opened = client("https://vendor.example")
    with structlog.testing.capture_logs() as logged:
        reply = opened.send(method="GET", link=f"/x?token={SECRET}", headers={"Authorization": SECRET})
        with pytest.raises(http.AnswerLost) as lost:
            opened.send(method="GET", link="/y", headers={"Authorization": SECRET}, correlation_id="c1")
    assert [(entry["event"], entry["path"], entry["outcome"]) for entry in logged] == [
        ("vendor_call", "/x", 500),
        ("vendor_call", "/y", "AnswerLost"),
    ]
    trouble = lost.value
    seen = repr([logged, reply, opened, trouble, trouble.args, trouble.__cause__, trouble.safe_text])
    assert SECRET not in seen
    assert trouble.request_ref == "c1"


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {}, port.VendorDenied),
        (403, {}, port.VendorDenied),
        (404, {}, port.VendorMissing),
        (408, {}, port.VendorDown),
        (429, {"retry-after": "7"}, port.VendorBusy),
        (500, {}, port.VendorDown),
        (503, {}, port.VendorDown),
        (503, {"retry-after": "7"}, port.VendorBusy),
        (400, {}, port.VendorGarbled),
        (204, {}, port.VendorGarbled),
    ],
)
def test_a_failed_read_is_named_by_its_status(status: int, headers: dict[str, str], kind: type) -> None:
    at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    trouble = http.trouble_of(http.Reply(status=status, headers=headers, body=b""), vendor="V", at=at)
    assert type(trouble) is kind
    if isinstance(trouble, port.VendorBusy):
        assert trouble.retry_at == at + dt.timedelta(seconds=7)


def test_a_reference_of_the_vendor_is_cut_to_what_is_safe_to_show(httpx2_mock: respx.Router) -> None:
    doubled = f"{uuid.UUID(int=7)},{uuid.UUID(int=7)}"
    httpx2_mock.get("https://vendor.example/x").respond(200, headers={"MS-CorrelationId": doubled})
    httpx2_mock.get("https://vendor.example/y").respond(200, headers={"request-id": "<script>" + "a" * 100})
    opened = client("https://vendor.example")
    assert opened.send(method="GET", link="/x", headers={}).request_ref == str(uuid.UUID(int=7))
    assert opened.send(method="GET", link="/y", headers={}).request_ref == "script" + "a" * 56
