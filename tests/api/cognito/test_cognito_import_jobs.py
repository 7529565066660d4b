"""User import jobs over real sockets: the header, the upload, the users, the counters and the log."""

import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dewstack.testing import Dew, start

ROLE = "arn:aws:iam::000000000000:role/import"
KMS = {"x-amz-server-side-encryption": "aws:kms"}


@pytest.fixture
def dew() -> Iterator[Dew]:
    with start() as running:
        yield running


@pytest.fixture
def api(dew: Dew) -> Any:
    return dew.client("cognito-idp")


def make_pool(api: Any, **settings: Any) -> str:
    settings = {"AutoVerifiedAttributes": ["email"], **settings}
    return str(api.create_user_pool(PoolName="people", **settings)["UserPool"]["Id"])


def make_job(api: Any, pool: str, name: str = "first") -> dict[str, Any]:
    made: dict[str, Any] = api.create_user_import_job(
        JobName=name, UserPoolId=pool, CloudWatchLogsRoleArn=ROLE
    )["UserImportJob"]
    return made


def put(url: str, body: str | bytes, headers: dict[str, str] = KMS, method: str = "PUT") -> tuple[int, str]:
    where = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", where.port, timeout=30)
    try:
        content = body.encode() if isinstance(body, str) else body
        connection.request(method, f"{where.path}?{where.query}", content, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def csv(api: Any, pool: str, *users: dict[str, str]) -> str:
    header = api.get_csv_header(UserPoolId=pool)["CSVHeader"]
    lines = [header, *([user.get(name, "") for name in header] for user in users)]
    return "".join(",".join(line) + "\r\n" for line in lines)


def person(username: str, /, **attributes: str) -> dict[str, str]:
    return {
        "cognito:username": username,
        "cognito:mfa_enabled": "FALSE",
        "email": f"{username}@example.com",
        "email_verified": "TRUE",
        **attributes,
    }


def ended(api: Any, pool: str, job: str) -> dict[str, Any]:
    """The job, once it is over."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        told: dict[str, Any] = api.describe_user_import_job(UserPoolId=pool, JobId=job)["UserImportJob"]
        if "CompletionDate" in told:
            return told
        time.sleep(0.01)
    raise AssertionError(told)


def run(api: Any, pool: str, text: str) -> dict[str, Any]:
    job = make_job(api, pool)
    assert put(job["PreSignedUrl"], text)[0] == 200
    started = api.start_user_import_job(UserPoolId=pool, JobId=job["JobId"])["UserImportJob"]
    assert started["Status"] == "Pending"
    return ended(api, pool, job["JobId"])


def test_the_header_has_the_schemas_attributes_and_cognitos_own(api: Any):
    pool = make_pool(api, Schema=[{"Name": "plan", "AttributeDataType": "String"}])
    header = api.get_csv_header(UserPoolId=pool)["CSVHeader"]
    assert header[0] == "name"
    assert header[-3:] == ["custom:plan", "cognito:mfa_enabled", "cognito:username"]
    assert "sub" not in header


def test_users_are_imported_and_must_reset_their_passwords(dew: Dew, api: Any):
    pool = make_pool(api)
    api.admin_create_user(UserPoolId=pool, Username="bob", MessageAction="SUPPRESS")
    unverified = person("eve", email_verified="FALSE")
    text = csv(api, pool, person("ada", name="Ada\\, Countess"), person("bob"), unverified)
    job = run(api, pool, text)
    assert (job["Status"], job["CompletionMessage"]) == ("Succeeded", "Import Job Completed Successfully.")
    assert (job["ImportedUsers"], job["SkippedUsers"], job["FailedUsers"]) == (1, 1, 1)
    ada = api.admin_get_user(UserPoolId=pool, Username="ada")
    attributes = {each["Name"]: each["Value"] for each in ada["UserAttributes"]}
    assert ada["UserStatus"] == "RESET_REQUIRED"
    assert (attributes["name"], attributes["email_verified"]) == ("Ada, Countess", "true")

    client = api.create_user_pool_client(
        UserPoolId=pool, ClientName="web", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    with pytest.raises(api.exceptions.PasswordResetRequiredException):
        api.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": "Correct-Horse-1"},
        )
    api.forgot_password(ClientId=client, Username="ada")
    [message] = dew.mail("ada@example.com")
    api.confirm_forgot_password(
        ClientId=client, Username="ada", ConfirmationCode=message.code, Password="Correct-Horse-1"
    )
    assert api.admin_get_user(UserPoolId=pool, Username="ada")["UserStatus"] == "CONFIRMED"

    events = dew.client("logs").get_log_events(
        logGroupName=f"/aws/cognito/userpools/{pool}/people", logStreamName=f"{job['JobId']}/first"
    )["events"]
    assert [event["message"] for event in events] == [
        "[SUCCEEDED] Line Number 2 - The import succeeded.",
        "[SKIPPED] Line Number 3 - The user already exists.",
        "[FAILED] Line Number 4 - The User Record does not set any of the auto verified attributes to true. "
        "(Example: email_verified to true).",
    ]


def test_a_pool_with_addresses_for_names(api: Any):
    pool = make_pool(api, UsernameAttributes=["email"])
    text = csv(api, pool, person("ada", **{"cognito:username": "ada@example.com"}), person("bob"))
    assert run(api, pool, text)["FailedUsers"] == 1  # bob is no address
    ada = api.admin_get_user(UserPoolId=pool, Username="ada@example.com")
    assert len(ada["Username"]) == 36


def test_a_file_of_failures_fails_the_job(api: Any):
    pool = make_pool(api)
    job = run(api, pool, csv(api, pool, person("eve", email="")))
    assert job["Status"] == "Failed"
    assert job["CompletionMessage"] == "Too many users have failed or been skipped during the import."


@pytest.mark.parametrize("text", ["", "name,email\r\nAda,ada@example.com\r\n", '"name\r\n'])
def test_a_file_that_is_none_fails_the_job(api: Any, text: str):
    job = run(api, make_pool(api), text)
    assert job["Status"] == "Failed"
    assert "line 1" in job["CompletionMessage"]


def test_a_job_needs_a_file_and_starts_once(api: Any):
    pool = make_pool(api)
    job = make_job(api, pool)
    target = {"UserPoolId": pool, "JobId": job["JobId"]}
    with pytest.raises(
        api.exceptions.PreconditionNotMetException, match="No csv file was uploaded for import-"
    ):
        api.start_user_import_job(**target)
    put(job["PreSignedUrl"], csv(api, pool, person("ada")))
    api.start_user_import_job(**target)
    ended(api, pool, job["JobId"])
    with pytest.raises(api.exceptions.PreconditionNotMetException):
        api.start_user_import_job(**target)
    assert put(job["PreSignedUrl"], "again")[0] == 409


def test_a_pool_that_verifies_nothing_starts_no_job(api: Any):
    pool = make_pool(api, AutoVerifiedAttributes=[])
    job = make_job(api, pool)
    put(job["PreSignedUrl"], csv(api, pool, person("ada")))
    with pytest.raises(api.exceptions.PreconditionNotMetException, match="auto verified"):
        api.start_user_import_job(UserPoolId=pool, JobId=job["JobId"])


def test_a_job_is_stopped(api: Any):
    pool = make_pool(api)
    job = make_job(api, pool)
    target = {"UserPoolId": pool, "JobId": job["JobId"]}
    stopped = api.stop_user_import_job(**target)["UserImportJob"]
    assert stopped["Status"] == "Stopped"
    assert stopped["CompletionMessage"] == "The Import Job was stopped by the developer."
    with pytest.raises(api.exceptions.PreconditionNotMetException):
        api.stop_user_import_job(**target)

    large = make_job(api, pool)
    users = (person(f"user{number}") for number in range(5000))
    put(large["PreSignedUrl"], csv(api, pool, *users))
    api.start_user_import_job(UserPoolId=pool, JobId=large["JobId"])
    with pytest.raises(api.exceptions.PreconditionNotMetException, match="is running"):
        other = make_job(api, pool)
        put(other["PreSignedUrl"], csv(api, pool))
        api.start_user_import_job(UserPoolId=pool, JobId=other["JobId"])
    stopping = api.stop_user_import_job(UserPoolId=pool, JobId=large["JobId"])["UserImportJob"]
    assert stopping["Status"] == "Stopping"
    job = ended(api, pool, large["JobId"])
    assert job["Status"] == "Stopped"
    assert job["ImportedUsers"] < 5000


def test_a_job_that_nobody_starts_expires(dew: Dew, api: Any):
    pool = make_pool(api)
    job = make_job(api, pool)
    dew.clock.advance(86400)
    told = api.describe_user_import_job(UserPoolId=pool, JobId=job["JobId"])["UserImportJob"]
    assert (told["Status"], told["CompletionMessage"]) == ("Expired", "The user import job has expired.")


def test_jobs_are_listed_latest_first_in_pages(dew: Dew, api: Any):
    pool = make_pool(api)
    for name in ("one", "two", "three"):
        make_job(api, pool, name)
        dew.clock.advance(1)
    first = api.list_user_import_jobs(UserPoolId=pool, MaxResults=2)
    assert [job["JobName"] for job in first["UserImportJobs"]] == ["three", "two"]
    rest = api.list_user_import_jobs(UserPoolId=pool, MaxResults=2, PaginationToken=first["PaginationToken"])
    assert [job["JobName"] for job in rest["UserImportJobs"]] == ["one"]
    assert "PaginationToken" not in rest


def test_what_is_not_there_is_not_found(api: Any):
    pool = make_pool(api)
    for call in (api.describe_user_import_job, api.start_user_import_job, api.stop_user_import_job):
        with pytest.raises(api.exceptions.ResourceNotFoundException):
            call(UserPoolId=pool, JobId="import-nothing")


def test_uploads_need_the_signed_url_in_time_and_the_header(dew: Dew, api: Any):
    pool = make_pool(api)
    job = make_job(api, pool)
    url = job["PreSignedUrl"]
    other = make_job(api, pool)["JobId"]
    assert put(url, "x", headers={})[0] == 403
    assert put(url[:-1] + ("0" if url[-1] != "0" else "1"), "x")[0] == 403
    assert put(url.replace(job["JobId"], other), "x")[0] == 403
    assert put(url.replace(job["JobId"], "import-nothing"), "x")[0] == 403
    assert put(url.split("?")[0], "x")[0] == 403
    assert put(url.replace("X-Amz-Date=2", "X-Amz-Date=3"), "x")[0] == 403
    assert put(url, "x", method="POST")[0] == 405
    assert put(url, b"\xff\xfe")[0] == 400
    assert put(url, "x")[0] == 200
    dew.clock.advance(901)
    status, said = put(url, "x")
    assert (status, "Request has expired" in said) == (403, True)
    fresh = api.describe_user_import_job(UserPoolId=pool, JobId=job["JobId"])["UserImportJob"]
    assert put(fresh["PreSignedUrl"], "x")[0] == 200


def test_hashes_of_other_systems_are_refused_by_name(api: Any):
    with pytest.raises(api.exceptions.ClientError, match="PasswordHashingAlgorithm"):
        api.create_user_import_job(
            JobName="first",
            UserPoolId=make_pool(api),
            CloudWatchLogsRoleArn=ROLE,
            PasswordHashingAlgorithm="BCRYPT",
        )


def test_a_job_ends_with_the_emulator(tmp_path: Path):
    with start(state_dir=tmp_path) as dew:
        api = dew.client("cognito-idp")
        pool = make_pool(api)
        job, waiting = make_job(api, pool), make_job(api, pool)
        put(job["PreSignedUrl"], csv(api, pool, *(person(f"user{number}") for number in range(5000))))
        put(waiting["PreSignedUrl"], csv(api, pool, person("ada")))
        api.start_user_import_job(UserPoolId=pool, JobId=job["JobId"])
    with start(state_dir=tmp_path) as dew:
        api = dew.client("cognito-idp")
        told = ended(api, pool, job["JobId"])
        assert (told["Status"], told["CompletionMessage"]) == (
            "Failed",
            "The emulator stopped before the import was through.",
        )
        users = api.describe_user_pool(UserPoolId=pool)["UserPool"]["EstimatedNumberOfUsers"]
        assert told["ImportedUsers"] == users < 5000
        api.start_user_import_job(UserPoolId=pool, JobId=waiting["JobId"])
        assert ended(api, pool, waiting["JobId"])["Status"] == "Succeeded"
