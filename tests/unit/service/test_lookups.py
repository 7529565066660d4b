"""Variables that come from outside of the map: AWS, programs, git, and what the map gives in their stead."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dewstack.errors import AwsError, NotEmulated, UserError
from dewstack.service import MapError, Service, code_file, load, offline_of

Loader = Callable[..., Service]
Problems = Callable[..., list[str]]


class ParameterNotFound(AwsError):
    code = "ParameterNotFound"
    status = 400


class ValidationError(AwsError):
    code = "ValidationError"
    status = 400


PARAMETERS = {
    "/plain": {"Type": "String", "Value": "p"},
    "/list": {"Type": "StringList", "Value": "a,b"},
    "/secret": {"Type": "SecureString", "Value": '{"user": "u"}'},
    "/word": {"Type": "SecureString", "Value": "s"},
}


class Aws:
    """Answers a few operations as AWS does, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        self.asked.append((operation, region))
        answer: dict[str, Any] = getattr(self, service)(params)
        return answer

    def ssm(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["Name"] not in PARAMETERS:
            raise ParameterNotFound("no such parameter")
        return {"Parameter": PARAMETERS[params["Name"]]}

    def cloudformation(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["StackName"] != "base-dev":
            raise ValidationError("Stack does not exist")
        return {"Stacks": [{"Outputs": [{"OutputKey": "Topic", "OutputValue": "arn:topic"}]}]}

    def s3(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["Bucket"] == "closed":
            raise NotEmulated("GetObject isn't emulated")
        return {"Body": f"{params['Key']}!".encode()}

    def sts(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"Account": "000000000000"}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${aws:accountId}", "000000000000"),
        ("${aws:region}", "us-east-1"),
        ("${cf:base-${sls:stage}.Topic}", "arn:topic"),
        ("${cf(eu-west-1):base-dev.Topic}", "arn:topic"),
        ("${cf.eu-west-1:base-dev.Topic}", "arn:topic"),
        ("${s3:bucket/a/b.txt}", "a/b.txt!"),
        ("${ssm:/plain}", "p"),
        ("${ssm:/plain~true}", "p"),
        ("${ssm:/list}", ["a", "b"]),
        ("${ssm(raw):/list}", "a,b"),
        ("${ssm:/secret}", {"user": "u"}),
        ("${ssm(eu-west-1, raw):/secret}", '{"user": "u"}'),
        ("${ssm:/word}", "s"),
        ("x-${ssm:/nope, ssm:/plain}", "x-p"),
        ("${ssm:/given}", "from the map"),
        ("${ssm:/given~true}", "from the map"),
        ("${cf:other-dev.Out}", 7),
        ("${vault:secret/db}", "v"),
        ("${git:tag}", "v1"),
    ],
)
def test_what_aws_knows_is_asked_of_the_emulator_then_of_the_map(
    load_map: Loader, written: str, value: object
) -> None:
    text = f"""\
    custom:
      v: '{written}'
      dew:
        variables:
          ssm:/given: from the map
          ssm:/plain: not this one
          ${{cf:other-dev.Out}}: 7
          vault:secret/db: v
          git:tag: v1
    """
    assert load_map(text, ask=Aws()).custom["v"] == value


def test_each_thing_is_asked_once_and_in_its_region(load_map: Loader) -> None:
    aws = Aws()
    load_map(
        "custom: {v: ['${ssm:/plain}', '${ssm:/plain}', '${ssm(eu-west-1):/plain}', '${cf:base-dev.Topic}']}\n",
        ask=aws,
        options={"region": "us-west-2"},
    )
    assert aws.asked == [
        ("GetParameter", "us-west-2"),
        ("GetParameter", "eu-west-1"),
        ("DescribeStacks", "us-west-2"),
    ]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "${ssm:/nope}",
            "${ssm:/nope} is a parameter of Systems Manager, which isn't in the emulator; "
            "give its value in the map, as custom.dew.variables: {'ssm:/nope': value}",
        ),
        (
            "${cf:other-dev.Out}",
            "${cf:other-dev.Out} is the output of another CloudFormation stack, which isn't in the emulator; "
            "give its value in the map, as custom.dew.variables: {'cf:other-dev.Out': value}",
        ),
        (
            "${s3:closed/x}",
            "${s3:closed/x} is an object in S3, which can't be asked for: s3 answers NotImplemented: GetObject isn't "
            "emulated; give its value in the map, as custom.dew.variables: {'s3:closed/x': value}",
        ),
        ("${cf:base-dev}", "${cf:base-dev} needs the form ${cf:stack-name.OutputName}"),
        ("${s3:bucket}", "${s3:bucket} needs the form ${s3:bucket/key}"),
        ("${aws:user}", "${aws:user} doesn't exist; ${aws:accountId} and ${aws:region} do"),
        ("${ssm:}", "${ssm:} needs a name after the colon"),
        ("${git:nope}", "${git:nope} doesn't exist; ${git:} knows branch, commit"),
        ("${slef:custom.x, 1}", "'slef' is no variable source; known are"),
    ],
)
def test_what_nobody_knows_is_asked_for_by_name(problems_of: Problems, written: str, message: str) -> None:
    (problem,) = problems_of(f"custom:\n  v: '{written}'\n", ask=Aws())
    assert problem.startswith(f"serverless.yml:6:6: custom.v: {message}")


def test_an_emulator_that_cannot_answer_says_why(problems_of: Problems) -> None:
    def refusing(service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        raise UserError("moto isn't installed")

    assert (
        "which can't be asked for: moto isn't installed; give"
        in problems_of("custom: {v: '${ssm:/plain}'}\n", ask=refusing)[0]
    )


class AccessDenied(AwsError):
    code = "AccessDeniedException"
    status = 400


GIVEN = "custom: {v: '%s', dew: {variables: {'ssm:/nope': for a laptop}}}\n"


def test_where_a_map_goes_for_good_nothing_stands_in_for_what_is_not_there(problems_of: Problems) -> None:
    (problem,) = problems_of(GIVEN % "${ssm:/nope}", ask=Aws(), asked="AWS", stand_ins=False)
    assert problem == (
        "serverless.yml:5:13: custom.v: ${ssm:/nope} is a parameter of Systems Manager, which isn't in AWS; "
        "make it there, or give a fallback: ${ssm:/nope, 'value'}"
    )


def test_where_a_map_goes_for_good_its_fallbacks_count(load_map: Loader) -> None:
    text = GIVEN % '${ssm:/nope, "fallback"}'
    assert load_map(text, ask=Aws(), asked="AWS", stand_ins=False).custom["v"] == "fallback"


def test_where_a_map_goes_for_good_no_answer_is_no_reason_to_fall_back(problems_of: Problems) -> None:
    def denying(service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        raise AccessDenied("you may not")

    (problem,) = problems_of(
        GIVEN % '${ssm(eu-west-1):/plain, "fallback"}', ask=denying, asked="AWS", stand_ins=False
    )
    assert problem == (
        "serverless.yml:5:13: custom.v: ${ssm(eu-west-1):/plain} can't be asked for: "
        "ssm answers AccessDeniedException: you may not"
    )


def test_a_stack_that_cannot_be_asked_for_is_not_one_that_is_absent(problems_of: Problems) -> None:
    def refusing(service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        raise ValidationError("1 validation error detected")

    (problem,) = problems_of("custom: {v: '${cf:a_b.Out}'}\n", ask=refusing)
    assert "which can't be asked for: cloudformation answers ValidationError: 1 validation error" in problem


node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


@pytest.fixture(scope="session")
def esbuild() -> None:
    """Skips where there is no esbuild and none can be had."""
    from dewstack.deploy.esbuild import find_esbuild

    try:
        find_esbuild(Path.cwd())
    except UserError as error:
        pytest.skip(error.message)


PROGRAM = """\
console.log('printed things are no result');
module.exports.plain = { list: [1, { x: '${self:service}' }] };
module.exports.promised = Promise.resolve('later');
module.exports.called = async ({ options, resolveVariable, resolveConfigurationProperty }) => ({
  stage: options.stage,
  service: await resolveVariable('self:service'),
  runtime: await resolveConfigurationProperty(['provider', 'runtime']),
  missing: await resolveConfigurationProperty(['custom', 'nope']),
});
module.exports.bad = () => { throw new Error('no luck'); };
module.exports.env = () => process.env.TOKEN;
"""


@node
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${file(p.js):plain.list.0}", 1),
        ("${file(./p.js):plain.list.1}", {"x": "shop"}),
        ("${file(p.js):promised}", "later"),
        (
            "${file(p.js):called}",
            {"stage": "qa", "service": "shop", "runtime": "python3.11", "missing": None},
        ),
        ("${file(p.js):called.service}", "shop"),
        ("${file(p.js):env}", "t"),
        ("${file(p.js):nope, 'default'}", "default"),
        ("${file(whole.mjs)}", {"a": [1]}),
        ("${file(function.cjs):b}", 2),
    ],
)
def test_a_file_that_is_a_program_is_run(load_map: Loader, written: str, value: object) -> None:
    files = {
        "p.js": PROGRAM,
        "whole.mjs": "export default async () => ({ a: [1] });\n",
        "function.cjs": "module.exports = () => ({ b: 2 });\n",
    }
    service = load_map(
        f'custom:\n  v: "{written}"\n', files=files, options={"stage": "qa"}, environ={"TOKEN": "t"}
    )
    assert service.custom["v"] == value


@node
@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("module.exports = () => { throw new Error('no luck'); };", "p.js fails: Error: no luck"),
        ("syntax error here", "p.js fails: "),
        ("process.exit(3)", "p.js ended before it gave a value"),
        ("module.exports = undefined", "p.js gives nothing"),
        (
            "module.exports = async ({ resolveVariable }) => await resolveVariable('env:NOPE');",
            "p.js fails: Error: the environment variable NOPE isn't set",
        ),
    ],
)
def test_a_program_that_fails_is_located(problems_of: Problems, program: str, message: str) -> None:
    (problem,) = problems_of("custom:\n  v: ${file(p.js)}\n", files={"p.js": program})
    assert problem.startswith(f"serverless.yml:6:6: custom.v: {message}")


@node
def test_a_program_that_asks_and_never_listens_is_not_waited_for(
    problems_of: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_file, "CODE_SECONDS", 2.0)
    asks = "for (let n = 0; n < 50; n++) resolveVariable('self:custom.long');"
    program = f"module.exports = async ({{ resolveVariable }}) => {{ {asks} for (;;); }};"
    text = f"custom:\n  long: {'x' * 10_000}\n  v: ${{file(p.js)}}\n"
    (problem,) = problems_of(text, files={"p.js": program})
    assert "p.js isn't done after 2 s" in problem


@node
def test_a_program_is_among_the_files_of_the_map(load_map: Loader) -> None:
    service = load_map("custom: {v: '${file(p.js)}'}\n", files={"p.js": "module.exports = 1"})
    assert "p.js" in [path.name for path in service.files]


@node
def test_a_map_may_be_a_program(tmp_path: Path) -> None:
    (tmp_path / "serverless.js").write_text(
        "const { name } = require('./name');\n"
        "module.exports = async () => ({ service: name, provider: { name: 'aws' }, plugins: ['serverless-offline'],\n"
        "  custom: { a: '${self:service}', 'serverless-offline': { httpPort: 4000 } } });\n"
    )
    (tmp_path / "name.js").write_text("exports.name = 'shop';\n")
    service = load(tmp_path, options={}, environ={})
    assert (service.name, service.custom["a"], service.file) == ("shop", "shop", "serverless.js")
    assert {path.name for path in service.files} == {"serverless.js", "name.js"}
    assert offline_of(tmp_path, options={}, environ={}).http_port == 4000


@node
def test_a_map_in_typescript_is_run_with_its_aliases(tmp_path: Path, esbuild: None) -> None:
    files = {
        "serverless.ts": "import type { AWS } from '@serverless/typescript';\nimport hello from '@functions/hello';\n"
        "const map: AWS = { service: 'shop', provider: { name: 'aws' }, functions: { hello } };\n"
        "module.exports = map;\n",
        "tsconfig.json": '{ "extends": "./paths.json", /* no more */ }',
        "paths.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@functions/*": ["src/*"]}}}',
        "src/hello/index.ts": "const here: string = __dirname.split(process.cwd())[1].slice(1);\n"
        "export default { handler: `${here}/handler.main` };\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    service = load(tmp_path, options={}, environ={})
    assert service.functions["hello"].handler == "src/hello/handler.main"
    assert "index.ts" in [path.name for path in service.files]


@node
@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("throw new Error('no luck')", "serverless.js:1:1: the map fails: Error: no luck"),
        ("module.exports = 5", "serverless.js:1:1: the map has to be a mapping of keys"),
        (
            "module.exports = { service: 's s' }",
            "serverless.js:1:1: service: 's s' can't be a service's name",
        ),
    ],
)
def test_a_map_whose_program_fails_says_so(tmp_path: Path, program: str, message: str) -> None:
    (tmp_path / "serverless.js").write_text(program)
    with pytest.raises(MapError) as caught:
        load(tmp_path, options={}, environ={})
    assert message in str(caught.value)


def test_git_is_asked_about_the_project(load_map: Loader, tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=n", "-c", "user.email=n@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-b", "trunk")
    git("commit", "--allow-empty", "-m", "First words")
    names = "['${git:branch}', '${git:messageSubject}', '${git:isDirty}']"
    assert load_map(f"custom: {{v: {names}}}\n").custom["v"] == ["trunk", "First words", "true"]


def test_outside_of_a_repository_git_says_nothing(problems_of: Problems) -> None:
    (problem,) = problems_of("custom: {v: '${git:branch}'}\n")
    assert "git says nothing about 'branch' here; give its value in the map" in problem


def test_parameters_of_version_4_stand_under_stages(load_map: Loader) -> None:
    text = """\
    stages:
      default: {params: {a: 1, b: 2}}
      dev: {params: {b: 3}}
    custom: {v: ['${param:a}', '${param:b}', '${param:c, 4}']}
    """
    assert load_map(text).custom["v"] == [1, 3, 4]
    assert load_map(text, options={"stage": "prod"}).custom["v"] == [1, 2, 4]


def test_version_4_reads_dotenv_files_unasked(load_map: Loader) -> None:
    text = "frameworkVersion: '4'\ncustom: {v: '${env:A}'}\n"
    assert load_map(text, files={".env": "A=1"}).custom["v"] == "1"


@pytest.mark.parametrize(
    ("stage", "written", "value"),
    [
        ("${opt:stage}", "${opt:stage}", "dev"),
        ("prod", "${opt:stage}", "prod"),
        ("prod", "${opt:stage, 'qa'}", "qa"),
        ("prod", "${opt:region}", "us-east-1"),
    ],
)
def test_stage_and_region_are_the_maps_where_nothing_else_is_said(
    load_map: Loader, stage: str, written: str, value: str
) -> None:
    head = f"service: shop\nprovider: {{name: aws, stage: '{stage}'}}\n"
    service = load_map(f'custom: {{v: "{written}"}}\n', head=head)
    assert service.custom["v"] == value
    assert all(f"isn't given; '{value}' is used" in warning.message for warning in service.warnings)


def test_a_parameter_of_the_command_is_any_option(load_map: Loader) -> None:
    text = "custom: {v: '${opt:tier}', all: '${opt:}'}\n"
    assert load_map(text, params={"tier": "gold"}, options={"stage": "qa"}).custom == {
        "v": "gold",
        "all": {"stage": "qa"},
    }
