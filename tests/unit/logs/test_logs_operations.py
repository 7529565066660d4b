"""The operations of CloudWatch Logs, as boto3 would call them."""

import pytest

from dewstack.clock import Clock
from dewstack.config import Config
from dewstack.errors import AwsError
from dewstack.logs import Logs
from dewstack.logs.filters import compile_filter

CALLER = Config().caller
DAY_MS = 86_400_000


class Fixture:
    """Logs with one group `/g` and one stream `s`, and a shorthand for its operations."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.logs = Logs(self.clock, Config())
        self("CreateLogGroup", logGroupName="/g")
        self("CreateLogStream", logGroupName="/g", logStreamName="s")

    def __call__(self, operation: str, **params: object) -> dict:
        return self.logs.operations[operation](CALLER, params)

    def fails(self, operation: str, **params: object) -> tuple[str, str]:
        with pytest.raises(AwsError) as failure:
            self(operation, **params)
        return failure.value.code, failure.value.message

    def now_ms(self) -> int:
        return int(self.clock.time() * 1000)

    def put(self, *texts: str, stream: str = "s", start: int | None = None) -> None:
        first = self.now_ms() if start is None else start
        events = [{"timestamp": first + index, "message": text} for index, text in enumerate(texts)]
        self("PutLogEvents", logGroupName="/g", logStreamName=stream, logEvents=events)


@pytest.fixture
def aws() -> Fixture:
    return Fixture()


def texts(answer: dict) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_groups_and_streams_exist_once(aws):
    exists = "ResourceAlreadyExistsException"
    assert aws.fails("CreateLogGroup", logGroupName="/g") == (
        exists,
        "The specified log group already exists",
    )
    assert aws.fails("CreateLogStream", logGroupName="/g", logStreamName="s") == (
        exists,
        "The specified log stream already exists",
    )


def test_what_is_not_there_is_not_found(aws):
    missing = "ResourceNotFoundException"
    no_group = (missing, "The specified log group does not exist.")
    assert aws.fails("DeleteLogGroup", logGroupName="/x") == no_group
    assert aws.fails("FilterLogEvents", logGroupName="/x") == no_group
    assert aws.fails("GetLogEvents", logGroupName="/g", logStreamName="x") == (
        missing,
        "The specified log stream does not exist.",
    )


def test_groups_are_described_in_pages(aws):
    for number in range(60):
        aws("CreateLogGroup", logGroupName=f"/h/{number:02}")
    first = aws("DescribeLogGroups", logGroupNamePrefix="/h/")
    second = aws("DescribeLogGroups", logGroupNamePrefix="/h/", nextToken=first["nextToken"])
    assert [len(first["logGroups"]), len(second["logGroups"]), second["nextToken"]] == [50, 10, None]
    assert len(aws("DescribeLogGroups", logGroupNamePattern="H/1")["logGroups"]) == 10
    assert aws.fails("DescribeLogGroups", nextToken="x")[1] == "The specified nextToken is invalid."


def test_retention_hides_what_is_older(aws):
    aws("PutRetentionPolicy", logGroupName="/g", retentionInDays=1)
    aws.put("old", start=aws.now_ms())
    assert aws("DescribeLogGroups")["logGroups"][0]["retentionInDays"] == 1
    aws.clock.advance(2 * 86_400)
    aws.put("new")
    assert texts(aws("FilterLogEvents", logGroupName="/g")) == ["new"]
    aws("DeleteRetentionPolicy", logGroupName="/g")
    assert texts(aws("FilterLogEvents", logGroupName="/g")) == ["old", "new"]


def test_retention_knows_only_aws_steps(aws):
    code, message = aws.fails("PutRetentionPolicy", logGroupName="/g", retentionInDays=2)
    assert code == "InvalidParameterException"
    assert "Member must satisfy enum value set: [1, 3, 5, 7," in message


def test_tags_by_arn_and_by_name(aws):
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/g"
    aws("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"})
    aws("UntagResource", resourceArn=arn + ":*", tagKeys=["a"])
    aws("TagLogGroup", logGroupName="/g", tags={"c": "3"})
    assert aws("ListTagsForResource", resourceArn=arn)["tags"] == {"b": "2", "c": "3"}
    aws("UntagLogGroup", logGroupName="/g", tags=["b"])
    assert aws("ListTagsLogGroup", logGroupName="/g")["tags"] == {"c": "3"}


def test_a_protected_group_stays(aws):
    aws("CreateLogGroup", logGroupName="/p", deletionProtectionEnabled=True)
    assert aws.fails("DeleteLogGroup", logGroupName="/p")[0] == "InvalidOperationException"


def test_streams_are_ordered_by_name_or_last_event(aws):
    aws("CreateLogStream", logGroupName="/g", logStreamName="a")
    now = aws.now_ms()
    aws.put("late", stream="a", start=now + 10)
    aws.put("early", stream="s", start=now)
    by_name = aws("DescribeLogStreams", logGroupName="/g")["logStreams"]
    assert [stream["logStreamName"] for stream in by_name] == ["a", "s"]
    by_time = aws("DescribeLogStreams", logGroupName="/g", orderBy="LastEventTime", descending=True)[
        "logStreams"
    ]
    assert [stream["logStreamName"] for stream in by_time] == ["a", "s"]
    assert by_time[0]["firstEventTimestamp"] == by_time[0]["lastEventTimestamp"] == now + 10
    code, _ = aws.fails(
        "DescribeLogStreams", logGroupName="/g", orderBy="LastEventTime", logStreamNamePrefix="a"
    )
    assert code == "InvalidParameterException"


def test_a_deleted_stream_takes_its_events_along(aws):
    aws("CreateLogStream", logGroupName="/g", logStreamName="t")
    aws.put("s")
    aws.put("t", stream="t")
    aws("DeleteLogStream", logGroupName="/g", logStreamName="t")
    assert texts(aws("FilterLogEvents", logGroupName="/g")) == ["s"]
    assert aws("DescribeLogStreams", logGroupName="/g")["logStreams"][0]["logStreamName"] == "s"


def test_a_batch_must_be_in_order_and_within_a_day(aws):
    now = aws.now_ms()
    put = {"logGroupName": "/g", "logStreamName": "s"}
    disordered = [{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}]
    assert "chronological order" in aws.fails("PutLogEvents", logEvents=disordered, **put)[1]
    stretched = [{"timestamp": now - DAY_MS - 1, "message": "a"}, {"timestamp": now, "message": "b"}]
    assert "24 hours" in aws.fails("PutLogEvents", logEvents=stretched, **put)[1]
    huge = [{"timestamp": now, "message": "x" * 1_048_576}]
    assert "Upload too large" in aws.fails("PutLogEvents", logEvents=huge, **put)[1]


def test_events_too_old_or_too_new_are_told_and_left_out(aws):
    now = aws.now_ms()
    put = {"logGroupName": "/g", "logStreamName": "s"}
    old = aws("PutLogEvents", logEvents=[{"timestamp": now - 15 * DAY_MS, "message": "old"}], **put)
    new = aws(
        "PutLogEvents",
        logEvents=[{"timestamp": now, "message": "now"}, {"timestamp": now + DAY_MS // 2, "message": "new"}],
        **put,
    )
    assert old["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    assert new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert texts(aws("FilterLogEvents", logGroupName="/g")) == ["now"]


def test_get_log_events_pages_in_both_directions(aws):
    aws.put(*"abcdefg")
    get = {"logGroupName": "/g", "logStreamName": "s", "limit": 3}
    latest = aws("GetLogEvents", **get)
    assert texts(latest) == ["e", "f", "g"]
    before = aws("GetLogEvents", nextToken=latest["nextBackwardToken"], **get)
    assert texts(before) == ["b", "c", "d"]
    after = aws("GetLogEvents", nextToken=before["nextForwardToken"], **get)
    assert texts(after) == ["e", "f", "g"]
    assert texts(aws("GetLogEvents", startFromHead=True, **get)) == ["a", "b", "c"]


def test_the_end_of_a_stream_gives_the_same_token_until_more_arrives(aws):
    get = {"logGroupName": "/g", "logStreamName": "s"}
    empty = aws("GetLogEvents", startFromHead=True, **get)
    aws.put("a")
    some = aws("GetLogEvents", nextToken=empty["nextForwardToken"], **get)
    end = aws("GetLogEvents", nextToken=some["nextForwardToken"], **get)
    assert (texts(some), texts(end)) == (["a"], [])
    assert end["nextForwardToken"] == some["nextForwardToken"]
    assert aws.fails("GetLogEvents", nextToken="x", **get)[1] == "The specified nextToken is invalid."


def test_get_excludes_its_end_and_filter_includes_it(aws):
    now = aws.now_ms()
    aws.put("a", "b", "c", start=now)
    span = {"logGroupName": "/g", "startTime": now + 1, "endTime": now + 2}
    assert texts(aws("GetLogEvents", logStreamName="s", **span)) == ["b"]
    assert texts(aws("FilterLogEvents", **span)) == ["b", "c"]


def test_filter_interleaves_streams_and_pages(aws):
    aws("CreateLogStream", logGroupName="/g", logStreamName="t")
    now = aws.now_ms()
    aws.put("1", start=now)
    aws.put("2", stream="t", start=now + 1)
    aws.put("3", start=now + 2)
    first = aws("FilterLogEvents", logGroupName="/g", limit=2)
    second = aws("FilterLogEvents", logGroupName="/g", limit=2, nextToken=first["nextToken"])
    assert [texts(first), texts(second)] == [["1", "2"], ["3"]]
    assert "nextToken" not in second
    assert texts(aws("FilterLogEvents", logGroupName="/g", logStreamNames=["t"])) == ["2"]
    assert texts(aws("FilterLogEvents", logGroupName="/g", logStreamNamePrefix="s")) == ["1", "3"]
    assert texts(aws("FilterLogEvents", logGroupName="/g", startFromHead=False)) == ["3", "2", "1"]
    assert len({event["eventId"] for event in first["events"]}) == 2


def test_a_page_holds_at_most_a_megabyte(aws):
    for _ in range(3):
        aws.put("x" * 600_000)
    first = aws("FilterLogEvents", logGroupName="/g")
    assert len(first["events"]) == 1
    assert len(aws("FilterLogEvents", logGroupName="/g", nextToken=first["nextToken"])["events"]) == 1


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", ["[ERROR] 400 bad", "[WARN] 500 slow", "error code: 7"]),
        ("ERROR", ["[ERROR] 400 bad"]),
        ("code 7", ["error code: 7"]),
        ("?ERROR ?WARN", ["[ERROR] 400 bad", "[WARN] 500 slow"]),
        ("-ERROR", ["[WARN] 500 slow", "error code: 7"]),
        ('"500 slow"', ["[WARN] 500 slow"]),
        ('-"500 slow" -"code: 7"', ["[ERROR] 400 bad"]),
        ("%[45]00%", ["[ERROR] 400 bad", "[WARN] 500 slow"]),
        ("ERROR ?WARN", ["[ERROR] 400 bad"]),
    ],
)
def test_filter_patterns(aws, pattern, expected):
    aws.put("[ERROR] 400 bad", "[WARN] 500 slow", "error code: 7")
    assert texts(aws("FilterLogEvents", logGroupName="/g", filterPattern=pattern)) == expected


def test_malformed_filter_patterns_are_refused():
    for malformed in ('"open', "%(%"):
        with pytest.raises(AwsError, match="Invalid filter pattern"):
            compile_filter(malformed)
