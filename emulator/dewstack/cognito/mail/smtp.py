"""Messages out to a real SMTP server (`dew up --smtp`), as Amazon SES would send them: e-mails only, as HTML.

The mailbox is never in its hands: it gets a copy, later, in a thread of its own. What cannot be sent is said once
and stays in the mailbox.
"""

import contextlib
import queue
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

from dewstack.cognito.model import Message
from dewstack.errors import UserError

if TYPE_CHECKING:
    import smtplib
    import ssl
    from email.message import EmailMessage

WAITING = 100
"""How many messages may wait for the server; more are kept in the mailbox alone."""
TIMEOUT_SECONDS = 10.0
"""How long each step of a conversation with the server may take."""
CLOSE_SECONDS = 2.0
REASONS = 10
"""How many reasons of a server that fails are told."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
FORM = "expected HOST:PORT, smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"
PORTS = {"smtp": 25, "smtps": 465}
SUBMISSION_PORT = 587
MAILBOX = re.compile(r'"?(?P<name>[^"<>]*?)"? ?<(?P<address>[^<> ]+)>|(?P<alone>[^<> ]+)')
"""An address, or a name and its address. The library's own reading differs between versions of Python."""


class SmtpServer(Struct, frozen=True):
    """Where mail goes out, and by which credentials. Its text never has the password."""

    host: str
    port: int
    scheme: Literal["smtp", "smtps"] = "smtp"
    """`smtps` is TLS from the first byte; with `smtp` the connection is encrypted where the server offers it."""
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, text: str) -> "SmtpServer":
        """Read what `--smtp` says. User and password are percent-encoded. Raises UserError, the password not in it."""
        url = _address(text)
        user, password = unquote(url.username or ""), unquote(url.password or "")
        if bool(user) != bool(password):
            raise UserError("An SMTP user needs a password, and a password a user.", hint=FORM)
        default = SUBMISSION_PORT if user and url.scheme == "smtp" else PORTS[url.scheme]
        return cls(
            url.hostname or "",
            url.port or default,
            "smtps" if url.scheme == "smtps" else "smtp",
            user,
            password,
        )

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, where nobody listens in and certificates are home-made."""
        return self.host in LOOPBACK

    @property
    def needs_tls(self) -> bool:
        """Whether the credentials would else cross a network in clear."""
        return bool(self.user) and not self.is_here

    def context(self) -> "ssl.SSLContext":
        """How to encrypt: certificates are verified, but for this machine's own."""
        import ssl

        context = ssl.create_default_context()
        if self.is_here:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"SmtpServer({self})"


def _address(text: str) -> SplitResult:
    """The address as an URL that has a host and nothing else than a server's. Raises UserError."""
    try:
        url = urlsplit(text if "://" in text else f"smtp://{text}")
        usable = url.scheme in PORTS and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable or url.path.strip("/") or url.query or url.fragment:
        raise UserError("The SMTP server's address is none.", hint=FORM)
    return url


class Relay:
    """Sends copies of messages to one server. `report` gets a line for a person when that begins to fail."""

    def __init__(
        self, server: SmtpServer, report: Callable[[str], None], timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self._server = server
        self._report = report
        self._timeout = timeout
        self._waiting: queue.Queue[Message | None] = queue.Queue(WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._said: set[str] = set()

    def send(self, message: Message) -> None:
        """Let a message go out soon, if it is an e-mail. Never waits and never fails."""
        if message.medium != "EMAIL" or self._closed.is_set():
            return
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            self._tell(f"{WAITING} messages wait for it already")
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="smtp", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Let the message that is being sent go out, in seconds at most; what waits behind it stays in the mailbox."""
        self._closed.set()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)  # A full queue needs no waking up.
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None and not self._closed.is_set():
            try:
                self._deliver(message)
            except (OSError, ValueError) as error:  # what smtplib raises is an OSError
                self._tell(_reason(error, self._server))
            else:
                self._said.clear()

    def _deliver(self, message: Message) -> None:
        import smtplib

        mail = compose(message)
        server, timeout = self._server, self._timeout
        connection = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=server.context())
            if server.scheme == "smtps"
            else smtplib.SMTP(server.host, server.port, timeout=timeout)
        )
        with connection:
            self._introduce(connection)
            connection.send_message(mail)

    def _introduce(self, connection: "smtplib.SMTP") -> None:
        """Encrypt where the server can, and log in where there are credentials. Raises OSError."""
        connection.ehlo()
        encrypted = self._server.scheme == "smtps"
        if not encrypted and connection.has_extn("starttls"):
            connection.starttls(context=self._server.context())
            connection.ehlo()
            encrypted = True
        if self._server.needs_tls and not encrypted:
            raise OSError("it offers no TLS, and the password isn't sent without")
        if self._server.user:
            connection.login(self._server.user, self._server.password)

    def _tell(self, reason: str) -> None:
        """Say why mail doesn't go out: each reason once, until it does."""
        if reason not in self._said and len(self._said) < REASONS:
            self._said.add(reason)
            self._report(f"Mail does not go out by {self._server}: {reason}. It is in the mailbox: dew mail")


def compose(message: Message) -> "EmailMessage":
    """The e-mail for a message of the mailbox, `text/html` as AWS sends it. Raises ValueError for addresses that are
    none: nothing a user chose can add a header or a recipient."""
    from email.headerregistry import Address
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime, make_msgid

    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = " ".join(message.subject.split())
    for header, text in (("From", message.sender), ("Reply-To", message.reply_to)):
        if text:
            found = MAILBOX.fullmatch(" ".join(text.split()))
            if found is None:
                raise ValueError(f"{header}: {text!r} is no address")
            mail[header] = Address(found["name"] or "", addr_spec=found["address"] or found["alone"])
    mail["To"] = Address(addr_spec=message.to)
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.sent_at, UTC))
    mail["Message-ID"] = make_msgid(message.id, domain="dewstack.local")
    mail.set_content(message.body, subtype="html")
    return mail


def _reason(error: Exception, server: SmtpServer) -> str:
    """What went wrong, in a line and without the credentials."""
    import smtplib

    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refuses the user and password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return f"it refuses the recipient ({code} {_one_line(said)})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answers {error.smtp_code} {_one_line(error.smtp_error)}"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "it does not answer in time"
    text = _one_line(getattr(error, "strerror", None) or str(error) or type(error).__name__)
    return text.replace(server.password, "…") if server.password else text


def _one_line(said: str | bytes) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split()).rstrip(".")
