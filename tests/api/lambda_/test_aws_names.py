"""AWS's own names from inside functions: they lead to the emulator, over TLS that verifies, and nowhere else."""

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509

from dewstack.testing import Dew, start

ROLE = "arn:aws:iam::000000000000:role/test"

PYTHON = """
import json, os, socket, ssl, urllib.error, urllib.request

def fetch(event, context):
    with urllib.request.urlopen(event["url"], timeout=5) as response:
        return json.load(response)

def refused(event, context):
    try:
        urllib.request.urlopen(event["url"], timeout=5).read()
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}
    except urllib.error.URLError as error:
        return {"reason": str(error.reason)}

def without_endpoint(event, context):
    import boto3
    os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="meant-for-aws")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="here")
    return {"endpoint": sqs.meta.endpoint_url, "body": sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]}

def by_hand(event, context):
    told = []
    for host, trusted in (("sts.amazonaws.com", ssl.create_default_context()), ("sts.amazonaws.com", bare())):
        with socket.create_connection((host, 443), timeout=5) as raw:
            try:
                with trusted.wrap_socket(raw, server_hostname=host) as secure:
                    told.append(dict(secure.getpeercert()["subject"][0])["commonName"])
            except ssl.SSLCertVerificationError as error:
                told.append("refused")
    return told

def bare():
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

def asynchronously(event, context):
    import asyncio
    async def ask():
        reader, writer = await asyncio.open_connection("sts.us-east-1.amazonaws.com", 443, ssl=True)
        writer.write(b"GET / HTTP/1.1\\r\\nHost: sts.us-east-1.amazonaws.com\\r\\nConnection: close\\r\\n\\r\\n")
        line = await reader.readline()
        writer.close()
        return line.decode().strip()
    return asyncio.run(ask())

def surroundings(event, context):
    return {"private": [name for name in os.environ if name.startswith("_DEW")]}
"""

NODE = """
const https = require("node:https");

const get = (url) => new Promise((resolve, reject) => {
  https.get(url, (response) => {
    let text = "";
    response.on("data", (chunk) => (text += chunk));
    response.on("end", () => resolve(text));
  }).on("error", reject);
});

exports.fetch = async (event) => (await fetch(event.url)).json();
exports.https = async (event) => JSON.parse(await get(event.url));
exports.refused = async (event) => {
  try {
    return { status: (await fetch(event.url)).status };
  } catch (error) {
    return { reason: String(error.cause?.message ?? error) };
  }
};
exports.plain = async (event) => (await fetch(event.url)).status;
exports.surroundings = async () => ({ private: Object.keys(process.env).filter((name) => name.startsWith("_DEW")) });
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def jwks(dew: Dew) -> str:
    """Where a pool's tokens say that their keys are."""
    pool = dew.client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]
    return f"https://cognito-idp.us-east-1.amazonaws.com/{pool['Id']}/.well-known/jwks.json"


def call(dew: Dew, language: str, handler: str, **event: Any) -> Any:
    """What a handler of `PYTHON` or `NODE` answers."""
    client, name = dew.client("lambda"), f"{language}-{handler}"
    file, source, runtime = {
        "python": ("f.py", PYTHON, "python3.11"),
        "node": ("f.js", NODE, "nodejs20.x"),
    }[language]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(file, source)
    existing = {each["FunctionName"] for each in client.list_functions()["Functions"]}
    if name not in existing:
        client.create_function(
            FunctionName=name,
            Handler=f"f.{handler}",
            Runtime=runtime,
            Role=ROLE,
            Timeout=30,
            Code={"ZipFile": buffer.getvalue()},
        )
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
    body = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, body
    return body


@pytest.mark.parametrize(("language", "handler"), [("python", "fetch"), ("node", "fetch"), ("node", "https")])
def test_a_pools_keys_are_at_the_issuer_of_its_tokens(
    dew: Dew, jwks: str, language: str, handler: str
) -> None:
    keys = call(dew, language, handler, url=jwks)["keys"]
    assert {key["alg"] for key in keys} == {"RS256"}
    assert call(dew, language, handler, url=jwks)["keys"] == keys  # over another connection


def test_discovery_names_the_address_it_was_asked_at(dew: Dew, jwks: str) -> None:
    found = call(dew, "python", "fetch", url=jwks.replace("jwks.json", "openid-configuration"))
    assert found["jwks_uri"].startswith("https://cognito-idp.us-east-1.amazonaws.com/")


def test_boto3_without_an_endpoint_means_the_emulator(dew: Dew) -> None:
    assert call(dew, "python", "without_endpoint") == {
        "endpoint": "https://sqs.us-east-1.amazonaws.com",
        "body": "here",
    }


def test_every_context_that_verifies_comes_to_trust_the_emulators_authority(dew: Dew) -> None:
    assert call(dew, "python", "by_hand") == ["sts.amazonaws.com", "sts.amazonaws.com"]


def test_asyncio_gets_there_too(dew: Dew) -> None:
    assert call(dew, "python", "asynchronously").startswith("HTTP/1.1 ")


def test_what_is_not_emulated_says_so_and_stays_here(dew: Dew) -> None:
    answer = call(dew, "python", "refused", url="https://checkip.amazonaws.com/")
    assert answer["status"] == 404
    assert "nothing is here" in answer["body"]
    reason = call(dew, "python", "refused", url="https://x.iot.us-east-1.amazonaws.com:8443/")["reason"]
    assert "lets nothing out to AWS" in reason
    told = call(dew, "node", "refused", url="https://x.iot.us-east-1.amazonaws.com:8443/")
    assert "lets nothing out to AWS" in told["reason"]


def test_http_leads_here_as_well(dew: Dew) -> None:
    assert call(dew, "python", "refused", url="http://checkip.amazonaws.com/")["status"] == 404
    assert call(dew, "node", "plain", url="http://checkip.amazonaws.com/") == 404


@pytest.mark.parametrize("language", ["python", "node"])
def test_handlers_do_not_see_how(dew: Dew, language: str) -> None:
    assert call(dew, language, "surroundings") == {"private": []}


def test_the_authority_vouches_for_awss_names_alone(dew: Dew) -> None:
    with urllib.request.urlopen(f"{dew.aws_url}/_dew/authority", timeout=5) as response:
        certificate = x509.load_pem_x509_certificate(response.read())
    names = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert names.critical
    assert x509.DNSName("amazonaws.com") in (names.value.permitted_subtrees or [])
    assert not certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature


def test_it_can_be_lifted() -> None:
    with start(allow_aws=True) as lifted:
        told = call(lifted, "python", "refused", url="https://no-such-host.dewstack.amazonaws.com/")
    assert "status" not in told
    assert "dewstack emulates" not in told["reason"]
