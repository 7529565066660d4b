"""Messages that also go out: to a real SMTP server on a socket, and to servers that refuse, hang or are not there."""

import queue
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dewstack.clock import Clock
from dewstack.cognito.mail.mailbox import SENDER, Mailbox
from dewstack.cognito.mail.smtp import Relay, SmtpServer, compose
from dewstack.cognito.model import Message
from dewstack.errors import UserError
from dewstack.store import Store

SECRET = "s3cret/p@ss"


class Inbox:
    """What a real server received, parsed."""

    def __init__(self) -> None:
        self.mails: queue.Queue[tuple[str, list[str], EmailMessage]] = queue.Queue()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.put((envelope.mail_from, envelope.rcpt_tos, mail))
        return "250 OK"


def only_ada(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ada", SECRET.encode())
    return AuthResult(success=right, handled=False)


@contextmanager
def listening(inbox: Inbox, host: str = "127.0.0.1", **settings: Any) -> Iterator[int]:
    with socket.create_server((host, 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname=host, port=port, **settings)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def relaying(url: str, timeout: float = 10.0) -> Iterator[tuple[Mailbox, "queue.Queue[str]"]]:
    """A mailbox whose messages go out to `url`, and the lines that people are told."""
    said: queue.Queue[str] = queue.Queue()
    store = Store()
    mailbox = Mailbox(store, Clock())
    relay = Relay(SmtpServer.parse(url), said.put, timeout)
    mailbox.relay = relay.send
    try:
        yield mailbox, said
    finally:
        relay.close()
        store.close()


def letter(to: str = "ada@example.com", subject: str = "Your code", **fields: Any) -> Message:
    settings = {"body": "<b>123456</b>", "sender": SENDER, **fields}
    return Message(
        id="1", to=to, medium="EMAIL", subject=subject, code="123456", sent_at=1700000000, **settings
    )


def test_an_email_goes_out_as_html_and_stays_in_the_mailbox():
    inbox = Inbox()
    with listening(inbox) as port, relaying(f"127.0.0.1:{port}") as (mailbox, said):
        mailbox.deliver(
            "ada@example.com",
            "EMAIL",
            "Ihr Schlüssel",
            "<p>Grüße: 123456</p>",
            "123456",
            sender="Shop <hello@shop.example>",
            reply_to="help@shop.example",
        )
        sender, recipients, mail = inbox.mails.get(timeout=10)
        assert (sender, recipients) == ("hello@shop.example", ["ada@example.com"])
        assert mail["Subject"] == "Ihr Schlüssel"
        assert mail["From"] == "Shop <hello@shop.example>"
        assert mail["Reply-To"] == "help@shop.example"
        assert mail.get_content_type() == "text/html"
        assert mail.get_content().strip() == "<p>Grüße: 123456</p>"
        assert [message.subject for message in mailbox.messages()] == ["Ihr Schlüssel"]
        assert said.empty()


def test_a_text_message_stays_in_the_mailbox_and_has_no_subject():
    inbox = Inbox()
    with listening(inbox) as port, relaying(f"127.0.0.1:{port}") as (mailbox, _):
        mailbox.deliver("+4915112345678", "SMS", "ignored", "Your code is 1", "1")
        mailbox.deliver("ada@example.com", "EMAIL", "After it", "2", "2")
        assert inbox.mails.get(timeout=10)[2]["Subject"] == "After it"
        assert inbox.mails.empty()
        text, email = mailbox.messages()
        assert (text.subject, text.sender, email.sender) == ("", "", SENDER)


@pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS", "ignore::DeprecationWarning:aiosmtpd"
)
def test_credentials_open_a_server_that_wants_them():
    inbox = Inbox()
    settings = {"auth_required": True, "auth_require_tls": False, "authenticator": only_ada}
    with listening(inbox, **settings) as port:
        with relaying(f"smtp://ada:s3cret%2Fp%40ss@127.0.0.1:{port}") as (mailbox, said):
            mailbox.deliver("ada@example.com", "EMAIL", "In", "1", "1")
            assert inbox.mails.get(timeout=10)[2]["Subject"] == "In"
            assert said.empty()
        with relaying(f"smtp://ada:wrong@127.0.0.1:{port}") as (mailbox, said):
            mailbox.deliver("ada@example.com", "EMAIL", "Out", "1", "1")
            line = said.get(timeout=10)
            assert "refuses the user and password" in line
            assert "wrong" not in line


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd", "ignore:Session.login_data")
def test_a_server_of_this_machine_may_want_starttls(certificate: ssl.SSLContext):
    inbox = Inbox()
    settings = {"tls_context": certificate, "require_starttls": True, "auth_required": True}
    with (
        listening(inbox, **settings, authenticator=only_ada) as port,
        relaying(f"smtp://ada:s3cret%2Fp%40ss@127.0.0.1:{port}") as (mailbox, said),
    ):
        mailbox.deliver("ada@example.com", "EMAIL", "In", "1", "1")
        assert inbox.mails.get(timeout=10)[2]["Subject"] == "In"
        assert said.empty()


def test_a_server_of_this_machine_may_want_tls_from_the_first_byte(certificate: ssl.SSLContext):
    inbox = Inbox()
    with (
        listening(inbox, ssl_context=certificate) as port,
        relaying(f"smtps://127.0.0.1:{port}") as (mailbox, said),
    ):
        mailbox.deliver("ada@example.com", "EMAIL", "In", "1", "1")
        assert inbox.mails.get(timeout=10)[2]["Subject"] == "In"
        assert said.empty()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_another_machines_certificate_is_verified_before_it_gets_a_password(
    certificate: ssl.SSLContext, scheme: str
):
    inbox = Inbox()
    settings = {"smtp": {"tls_context": certificate}, "smtps": {"ssl_context": certificate}}[scheme]
    with (
        listening(inbox, host="127.0.0.2", authenticator=nobody, **settings) as port,
        relaying(f"{scheme}://ada:secret@127.0.0.2:{port}") as (mailbox, said),
    ):
        mailbox.deliver("ada@example.com", "EMAIL", "In", "1", "1")
        assert "certificate verify failed" in said.get(timeout=10)
    assert inbox.mails.empty()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_another_machine_without_tls_does_not_get_the_password():
    inbox = Inbox()
    with (
        listening(inbox, host="127.0.0.2", authenticator=nobody) as port,
        relaying(f"smtp://ada:secret@127.0.0.2:{port}") as (mailbox, said),
    ):
        mailbox.deliver("ada@example.com", "EMAIL", "In", "1", "1")
        assert "it offers no TLS, and the password isn't sent without" in said.get(timeout=10)
    assert inbox.mails.empty()


def nobody(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    raise AssertionError("the password was sent")


def test_a_server_that_is_not_there_is_told_once_and_loses_nothing():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with relaying(f"127.0.0.1:{port}") as (mailbox, said):
        for number in range(5):
            mailbox.deliver("ada@example.com", "EMAIL", str(number), "1", "1")
        line = said.get(timeout=10)
        assert f"127.0.0.1:{port}" in line
        assert "dew mail" in line
        assert len(mailbox.messages()) == 5
    assert said.empty()


def test_a_server_that_never_answers_holds_up_nobody():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with relaying(f"127.0.0.1:{port}", timeout=0.2) as (mailbox, said):
            for number in range(150):  # more than may wait
                mailbox.deliver("ada@example.com", "EMAIL", str(number), "1", "1")
            assert len(mailbox.messages()) == 150
            told = {said.get(timeout=10) for _ in range(2)}
            assert any("messages wait for it already" in line for line in told)
            assert any("does not answer in time" in line for line in told)


def test_it_is_told_again_when_it_fails_after_it_worked():
    inbox = Inbox()
    with listening(inbox) as port, relaying(f"127.0.0.1:{port}") as (mailbox, said):
        mailbox.deliver("not an address", "EMAIL", "1", "1", "1")
        first = said.get(timeout=10)
        mailbox.deliver("ada@example.com", "EMAIL", "2", "1", "1")
        inbox.mails.get(timeout=10)
        mailbox.deliver("not an address", "EMAIL", "3", "1", "1")
        assert said.get(timeout=10) == first


@pytest.mark.parametrize(
    "message",
    [
        letter(to="ada@example.com\r\nBcc: eve@example.com"),
        letter(to="ada@example.com, eve@example.com"),
    ],
)
def test_an_address_cannot_add_recipients(message: Message):
    with pytest.raises(ValueError):
        compose(message)


def test_a_subject_cannot_add_headers():
    injected = "\r\nBcc: eve@example.com\r\n\r\nhello"
    mail = compose(letter(subject=f"Hi{injected}", sender=f"Shop{injected} <hello@shop.example>"))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: eve@example.com hello"
    assert set(mail.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost:1025", SmtpServer("localhost", 1025)),
        ("mail.example.com", SmtpServer("mail.example.com", 25)),
        ("[::1]:1025", SmtpServer("::1", 1025)),
        ("smtps://ada:a%20b@mail.example.com", SmtpServer("mail.example.com", 465, "smtps", "ada", "a b")),
        ("smtp://ada:x@mail.example.com", SmtpServer("mail.example.com", 587, "smtp", "ada", "x")),
    ],
)
def test_addresses_of_servers(text: str, expected: SmtpServer):
    assert SmtpServer.parse(text) == expected
    assert "a b" not in f"{expected} {expected!r}"


@pytest.mark.parametrize(
    "text",
    [
        *("", ":1025", "localhost:0", "localhost:70000", "localhost:smtp", "http://localhost:1025"),
        *("smtp://ada@localhost", "smtp://:secret@localhost", "smtp://localhost/path", "smtp://[::1"),
    ],
)
def test_what_is_no_server_is_refused_without_repeating_a_password(text: str):
    with pytest.raises(UserError) as refusal:
        SmtpServer.parse(text)
    assert "secret" not in refusal.value.message + refusal.value.hint


def test_closing_waits_for_nobody_else():
    before = threading.active_count()
    with relaying("127.0.0.1:1") as (mailbox, said):
        mailbox.deliver("ada@example.com", "EMAIL", "1", "1", "1")
        said.get(timeout=10)
    assert threading.active_count() <= before
