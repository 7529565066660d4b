"""Functions that misbehave, each by its name in the path."""

import ctypes
import os
import signal
import sys
import threading
import time

RUNTIME_API = os.environ["AWS_LAMBDA_RUNTIME_API"]
FINE = {"statusCode": 200, "body": "fine"}
KEPT = []


def fine():
    return FINE


def raises():
    raise ValueError("on purpose")


def raises_what_no_exception_is():
    raise KeyboardInterrupt


def raises_an_error_of_many_lines():
    raise ValueError("one\r\nSet-Cookie: two\n" + "three" * 100_000)


def exits_with_0():
    sys.exit(0)


def exits_with_3():
    os._exit(3)


def segfaults():
    ctypes.string_at(0)


def kills_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def never_returns():
    while True:
        time.sleep(60)


def computes_forever():
    while True:
        pass


def stops_itself():
    os.kill(os.getpid(), signal.SIGSTOP)


def ignores_every_signal():
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    never_returns()


def recurses():
    return recurses()


def recurses_without_limit():
    sys.setrecursionlimit(10**9)

    def deeper(depth):
        return [repr(deeper), deeper(depth + 1), sorted([depth], key=deeper)]

    deeper(0)


def returns_a_set():
    return {1, 2}


def returns_bytes():
    return {"statusCode": 200, "body": b"bytes"}


def returns_itself():
    circle = []
    circle.append(circle)
    return circle


def returns_half_a_character():
    return {"statusCode": 200, "body": "\ud800"}


def returns_not_a_number():
    return float("nan")


def returns_seven_megabytes():
    return {"statusCode": 200, "body": "x" * 7_000_000}


def returns_a_number():
    return 5


def returns_nothing():
    return None


def returns_text():
    return "text"


def returns_a_list():
    return [1, 2]


def returns_a_status_of_letters():
    return {"statusCode": "many", "body": "x"}


def returns_a_header_of_two_lines():
    return {"statusCode": 200, "headers": {"x-a": "1\r\nx-b: 2"}, "body": "x"}


def returns_base64_that_is_none():
    return {"statusCode": 200, "body": "%%%", "isBase64Encoded": True}


def prints_a_gigabyte():
    block = b"x" * 65_535 + b"\n"
    for _ in range(16_384):
        os.write(1, block)
    return FINE


def prints_a_line_without_end():
    for _ in range(512):
        os.write(1, b"y" * 65_536)
    return FINE


def prints_without_end():
    while True:
        os.write(1, b"z" * 65_536)


def prints_a_binary_mess():
    os.write(1, bytes(range(256)) * 64 + b"\0\r\n\xff\xfe\n\x1b[2J")
    os.write(2, b"HTTP/1.1 200 OK\r\n\r\n")
    return FINE


def leaves_a_child():
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
    return FINE


def leaves_a_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os.wait()
    return FINE


def returns_twice():
    os.fork()
    return FINE


def closes_its_sockets():
    os.closerange(3, 256)
    return FINE


def closes_everything():
    os.closerange(0, 256)
    return FINE


def closes_its_output():
    os.closerange(1, 3)
    return FINE


def closes_everything_and_stays():
    os.closerange(0, 256)
    never_returns()


def starts_many_threads():
    for _ in range(500):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return FINE


def opens_many_files():
    files = []
    try:
        while len(files) < 100_000:
            files.append(os.open(os.devnull, os.O_RDONLY))
        return {"statusCode": 200, "body": "no limit"}
    except OSError:
        return FINE
    finally:
        for file in files:
            os.close(file)


def leaks_sockets():
    import socket

    host, _, port = RUNTIME_API.partition(":")
    for _ in range(50):
        KEPT.append(socket.create_connection((host, int(port)), timeout=5))
    KEPT[-1].sendall(b"GET /2018-06-01/runtime/invoc")
    return FINE


def changes_its_directory():
    os.chdir("/")
    return FINE


def forgets_its_environment():
    os.environ.clear()
    return FINE


def exhausts_memory():
    hoard = []
    while True:
        hoard.append(b"x" * 10_000_000)


def calls_the_runtime_api_itself():
    from http.client import HTTPConnection

    api = HTTPConnection(RUNTIME_API, timeout=5)
    for method, path in (
        ("GET", "invocation/next"),
        ("POST", "invocation/another/response"),
        ("POST", "init/error"),
        ("POST", "invocation/"),
    ):
        api.request(method, f"/2018-06-01/runtime/{path}", b"{}")
        api.getresponse().read()
    return FINE


def replaces_its_modules():
    sys.modules.clear()
    sys.path.clear()
    sys.stdout = None
    return FINE


def handler(event, context):
    return globals()[event["pathParameters"]["name"]]()


def slow(event, context):
    time.sleep(15)
    return FINE
