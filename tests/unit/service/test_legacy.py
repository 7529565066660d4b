"""Older spellings are read as today's, with one warning each."""

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from dewstack.service import HttpEvent, Service

Loader = Callable[..., Service]
Problems = Callable[..., list[str]]

FUNCTION = "functions: {f: {handler: handlers/login.handler}}\n"


def warnings(service: Service) -> list[str]:
    return [f"{warning.key}: {warning.message}" for warning in service.warnings]


def head(provider: str) -> str:
    return f"service: shop\nprovider: {{name: aws, runtime: python3.11, {provider}}}\n"


def test_a_service_may_be_an_object(load_map: Loader) -> None:
    service = load_map(
        "service: {name: shop, awsKmsKeyArn: 'arn:aws:kms:x'}\nprovider: {name: aws}\n"
        "custom: {a: '${self:service}', b: '${self:service.name}'}\n",
        head="",
    )
    assert (service.name, service.custom) == ("shop", {"a": "shop", "b": "shop"})
    assert service.provider.settings["kmsKeyArn"] == "arn:aws:kms:x"
    assert warnings(service) == [
        "service.name: an older spelling of 'service'",
        "service.awsKmsKeyArn: an older spelling of 'provider.kmsKeyArn'",
    ]


def test_the_name_of_a_service_is_a_name_either_way(load_map: Loader) -> None:
    assert load_map("custom: {a: '${self:service.name}'}\n").custom == {"a": "shop"}


@pytest.mark.parametrize(
    ("package", "patterns"),
    [
        ("{exclude: ['**'], include: [src/**]}", ["!**", "src/**"]),
        ("{exclude: ['!keep.py', tests/**], patterns: ['!x']}", ["keep.py", "!tests/**", "!x"]),
        ("{include: a.py}", ["a.py"]),
        ("{exclude: }", []),
    ],
)
def test_exclude_and_include_are_patterns(load_map: Loader, package: str, patterns: list[str]) -> None:
    service = load_map(f"package: {package}\n")
    assert service.package["patterns"] == patterns
    assert len(service.warnings) == 1


def test_functions_and_layers_have_old_packages_too(load_map: Loader) -> None:
    text = """\
    functions: {f: {handler: handlers/login.handler, package: {exclude: [a]}}}
    layers: {l: {path: l, package: {include: [b]}}}
    """
    service = load_map(text)
    assert service.functions["f"].settings["package"] == {"patterns": ["!a"]}
    assert service.layers["l"]["package"] == {"patterns": ["b"]}
    assert warnings(service) == [
        "functions.f.package.exclude: 'exclude': an older spelling of 'patterns', and 1 more like it"
    ]


@pytest.mark.parametrize(
    ("old", "today"),
    [
        ("apiKeys: [k]", ("apiKeys", ["k"])),
        ("usagePlan: {quota: {limit: 5, offset: 1, period: DAY}}", ("usagePlan", {"quota": Any})),
        (
            "resourcePolicy: [{Effect: Allow, Principal: '*', Action: 'execute-api:Invoke', Resource: '*'}]",
            ("resourcePolicy", Any),
        ),
    ],
)
def test_keys_of_the_rest_api_stand_under_it(load_map: Loader, old: str, today: tuple[str, Any]) -> None:
    service = load_map("", head=head(old))
    name = today[0]
    assert name in service.provider.settings["apiGateway"]
    assert name not in service.provider.settings
    assert warnings(service)[0] == f"provider.{name}: an older spelling of 'provider.apiGateway.{name}'"


def test_a_new_place_wins_over_the_old_one(load_map: Loader) -> None:
    service = load_map("", head=head("apiKeys: [old], apiGateway: {apiKeys: [new]}"))
    assert service.provider.settings["apiGateway"]["apiKeys"] == ["new"]


def test_old_iam_settings_are_the_roles(load_map: Loader) -> None:
    old = "iamRoleStatements: [{Effect: Allow, Action: 's3:*', Resource: '*'}], iamManagedPolicies: ['arn:aws:x']"
    service = load_map(FUNCTION, head=head(old))
    role = service.provider.iam_role
    assert (len(role.statements), role.managed_policies) == (1, ("arn:aws:x",))
    assert warnings(service) == [
        "provider.iamRoleStatements: an older spelling of 'provider.iam.role.statements'",
        "provider.iamManagedPolicies: an older spelling of 'provider.iam.role.managedPolicies'",
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("app: x\n", "app"),
        ("org: x\n", "org"),
        ("tenant: x\n", "tenant"),
        ("console: true\n", "console"),
        ("licenseKey: x\n", "licenseKey"),
        ("enableLocalInstallationFallback: false\n", "enableLocalInstallationFallback"),
        ("unresolvedVariablesNotificationMode: error\n", "unresolvedVariablesNotificationMode"),
        ("package: {excludeDevDependencies: false}\n", "package.excludeDevDependencies"),
    ],
)
def test_what_changes_nothing_here_is_said_once(load_map: Loader, text: str, key: str) -> None:
    assert [warning.key for warning in load_map(text).warnings] == [key]


@pytest.mark.parametrize(
    "provider",
    [
        "lambdaHashingVersion: 20201221",
        "eventBridge: {useCloudFormation: true}",
        "disableDefaultOutputExportNames: true",
        "httpApi: {useProviderTags: true}",
        "httpApi: {timeout: 29}",
        "variableSyntax: '\\${((?!AWS)[a-z]+)}'",
        "tracing: true",
    ],
)
def test_old_settings_of_the_provider_are_said_once(load_map: Loader, provider: str) -> None:
    assert len(load_map("", head=head(provider)).warnings) == 1


@pytest.mark.parametrize(
    "text",
    [
        "frameworkVersion: '>=1.0.0 <5.0.0'\n",
        "variablesResolutionMode: 20210326\n",
        "variablesResolutionMode: '20210219'\n",
        "deprecationNotificationMode: error\n",
        "disabledDeprecations: ['*']\n",
        "configValidationMode: error\n",
        "stages: {default: {params: {a: 1}}}\n",
        "params: {default: {a: 1}}\n",
        "build: esbuild\n",
        "useDotenv: true\n",
    ],
)
def test_settings_of_the_framework_itself_need_no_word(load_map: Loader, text: str) -> None:
    assert load_map(text).warnings == ()


def test_old_spellings_pass_where_the_map_itself_is_strict(load_map: Loader) -> None:
    service = load_map(
        f"configValidationMode: error\norg: x\npackage: {{exclude: [a]}}\n{FUNCTION}", strict=True
    )
    assert [warning.key for warning in service.warnings] == ["org", "package.exclude"]


@pytest.mark.parametrize(
    "runtime",
    ["nodejs4.3", "nodejs12.x", "nodejs18.x", "python2.7", "python3.9", "go1.x", "ruby2.7", "dotnetcore3.1"],
)
def test_a_retired_runtime_only_warns_even_where_the_map_is_strict(load_map: Loader, runtime: str) -> None:
    text = f"configValidationMode: error\nfunctions: {{f: {{handler: handlers/login.handler, runtime: {runtime}}}}}\n"
    service = load_map(text)
    assert service.functions["f"].runtime == runtime
    assert warnings(service) == [
        f"functions.f.runtime: '{runtime}' is retired on AWS, where a deployment of it is refused"
    ]


def test_a_route_without_its_slash_is_a_route(load_map: Loader) -> None:
    service = load_map("functions: {f: {handler: handlers/login.handler, events: [http: GET items]}}\n")
    (event,) = service.functions["f"].events
    assert isinstance(event, HttpEvent)
    assert (event.method, event.path) == ("GET", "/items")
    assert warnings(service) == ["functions.f.events[0].http: an older spelling of 'GET /items'"]


def test_an_older_spelling_is_told_once_with_how_often_it_is_there(load_map: Loader) -> None:
    text = """\
    provider: {name: aws, runtime: python3.11, cfLogs: true}
    functions:
      f:
        handler: handlers/login.handler
        events: [http: GET items, http: POST items]
        package: {exclude: [a]}
      g:
        handler: handlers/login.handler
        events: [http: GET others]
        package: {include: [b]}
    """
    service = load_map("service: shop\n" + textwrap.dedent(text), head="")
    assert warnings(service) == [
        "provider.cfLogs: has no meaning any more: it is always so",
        "functions.f.events[0].http: an older spelling of 'GET /items', and 2 more like it",
        "functions.f.package.exclude: 'exclude': an older spelling of 'patterns', and 1 more like it",
    ]


def test_empty_items_of_lists_are_left_out(load_map: Loader) -> None:
    text = """\
    plugins:
      - serverless-offline
      -
    functions:
      - f: {handler: handlers/login.handler}
      -
    resources:
      -
      - Outputs: {A: {Value: 1}}
    """
    service = load_map(text)
    assert (list(service.functions), service.plugins) == (["f"], ("serverless-offline",))
    assert service.resources == {"Outputs": {"A": {"Value": 1}}}


def test_a_map_for_another_cloud_has_one_mistake(problems_of: Problems) -> None:
    text = "service: shop\nprovider: {name: google, region: us-central1}\nfunctions: {f: {handler: http}}\n"
    assert problems_of(text, head="") == [
        "serverless.yml:2:18: provider.name: 'google' is another cloud than AWS; dewstack runs services for 'aws'"
    ]


def test_variables_in_double_braces_are_read_where_the_map_says_so(load_map: Loader) -> None:
    text = """\
    custom:
      by: {dev: 1}
      v: ${{self:custom.by.${{opt:stage, "dev"}}}}
      keep: ${self:custom.by}-${AWS::Region}
    """
    syntax = 'variableSyntax: "\\\\${{([ ~:a-zA-Z0-9._@\'\\",\\\\-\\\\/\\\\(\\\\)]+?)}}"'
    custom = load_map(text, head=head(syntax)).custom
    assert (custom["v"], custom["keep"]) == (1, "${self:custom.by}-${AWS::Region}")


def test_an_event_that_is_only_a_name_is_named(load_map: Loader) -> None:
    service = load_map("functions: {f: {handler: handlers/login.handler, events: [alexaSkill]}}\n")
    assert "the event 'alexaSkill' of function 'f' isn't emulated yet" in service.warnings[0].message


def test_a_mistake_in_an_event_that_does_not_fire_stops_nothing(load_map: Loader) -> None:
    text = "functions: {f: {handler: handlers/login.handler, events: [{iot: {sql: 5, enabled: maybe}}]}}\n"
    assert [warning.key for warning in load_map(text).warnings] == ["functions.f.events[0].iot"]


def test_a_template_of_components_says_what_it_is(problems_of: Problems) -> None:
    expected = (
        "serverless.yml:1:1: this is a template of Serverless Components, which have no functions to run"
    )
    assert problems_of("app:\n  component: '@sls-next/serverless-component'\n", head="") == [expected]
    assert problems_of("component: express\nname: shop\n", head="") == [expected]


def test_a_value_that_is_used_twice_is_missed_once_at_its_own_place(problems_of: Problems) -> None:
    text = "custom: {a: '${env:A}', b: {c: '${self:custom.a}', d: ['${self:custom.a}']}}\n"
    assert [problem.split(" ")[1] for problem in problems_of(text)] == ["custom.a:"]
