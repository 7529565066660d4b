"""Cognito's CSV of users: RFC 4180, AWS's escaped commas, and where each mistake is."""

import pytest

from dewstack.cognito.files import csv_file
from dewstack.cognito.files.csv_file import CsvFault

HEADER = ["name", "email", "email_verified", "address", "cognito:mfa_enabled", "cognito:username"]
FIRST = ",".join(HEADER)


def values(text: str) -> list[list[str]]:
    return [[cell.value for cell in row] for row in csv_file.rows(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]),
        ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
        ("a,b\rc,d\r", [["a", "b"], ["c", "d"]]),
        ("\ufeffa,\r\n\r\n,b\r\n", [["a", ""], ["", "b"]]),
        ('"a ""b"", c","d\r\ne",f', [['a "b", c', "d\r\ne", "f"]]),
        ("a\\, b,c\\\\,\\d", [["a, b", "c\\", "\\d"]]),
        ('a"b,"",c', [['a"b', "", "c"]]),
        ("", []),
    ],
)
def test_rows(text: str, expected: list[list[str]]):
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('a,b\n"c', 2, 1, "quote"),
        ('a,"b"c', 1, 3, "quote"),
        ('"a\n\nb",c\nd,"e', 4, 3, "quote"),
        ("a" * 16_001, 1, 1, "16,000"),
    ],
)
def test_what_is_no_csv(text: str, line: int, column: int, said: str):
    with pytest.raises(CsvFault) as fault:
        values(text)
    assert (fault.value.line, fault.value.column) == (line, column)
    assert said in fault.value.message


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "the file is empty"),
        ("name,emial", 1, 6, "no column 'emial'"),
        ("name,name", 1, 1, "there twice"),
        ("name,email", 1, 1, "the header lacks email_verified"),
        (f"{FIRST}\nAda", 2, 1, "expected 6 values"),
        (f"{FIRST}\nAda,a,b,c,d,e,f", 2, 1, "backslash"),
        (f"{FIRST}\nAda,ada@example.com,yes,,false,ada", 2, 21, "email_verified: expected true or false"),
        (f"{FIRST}\nAda,,,,,ada", 2, 8, "cognito:mfa_enabled: a value is needed"),
        (f"{FIRST}\nAda,,,,TRUE,", 2, 13, "cognito:username: a value is needed"),
        (f'{FIRST}\n"A\nda",,,x\0,TRUE,ada', 3, 7, "NUL"),
    ],
)
def test_mistakes_have_their_place(text: str, line: int, column: int, said: str):
    with pytest.raises(CsvFault) as fault:
        list(csv_file.read(text, HEADER))
    assert (fault.value.line, fault.value.column) == (line, column)
    assert said in fault.value.message


def test_columns_come_in_any_order():
    order = list(reversed(HEADER))
    [user] = csv_file.read(f"{','.join(order)}\nada,TRUE,,true,ada@example.com,Ada", HEADER)
    assert (user.username, user.mfa) == ("ada", True)
    assert user.attributes == {"email_verified": "true", "email": "ada@example.com", "name": "Ada"}


@pytest.mark.parametrize("value", ["a,b", 'say "hi"', "two\r\nlines", "back\\slash", "\\,", '"', "Ä,\n\\"])
def test_what_is_written_is_read_again(value: str):
    user = {"name": value, "cognito:mfa_enabled": "false", "cognito:username": "ada"}
    [read] = csv_file.read(csv_file.write(HEADER, [user]), HEADER)
    assert read.attributes == {"name": value}


def test_a_large_file_is_read_in_reasonable_time():
    line = 'Ada \\, Countess,ada@example.com,true,"1 Street, ""Town""",false,user'
    text = FIRST + "\n" + "\n".join(f"{line}{number}" for number in range(20_000))
    assert sum(1 for _ in csv_file.read(text, HEADER)) == 20_000
