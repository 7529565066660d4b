"""Plugins are named in a map and never run: what stands in for each, and what is lost without it."""

from collections.abc import Callable

import pytest

from dewstack.service import Service

Loader = Callable[..., Service]
Problems = Callable[..., list[str]]

UNKNOWN = "plugins: [serverless-offline, serverless-homegrown]\n"
HEAD = "service: shop\nprovider: {name: aws, runtime: python3.11}\n"


def messages(service: Service) -> list[str]:
    return [warning.message for warning in service.warnings]


@pytest.mark.parametrize(
    "plugin",
    [
        "serverless-offline",
        "serverless-python-requirements",
        "serverless-dotenv-plugin",
        "serverless-esbuild",
        "serverless-webpack",
        "serverless-bundle",
        "serverless-plugin-typescript",
        "serverless-dynamodb-local",
        "serverless-prune-plugin",
        "serverless-domain-manager",
        "serverless-deployment-bucket",
        "serverless-stack-termination-protection",
        "serverless-export-env",
        "serverless-pseudo-parameters",
        "serverless-s3-sync",
        "serverless-finch",
        "serverless-plugin-log-retention",
        "serverless-plugin-tracing",
    ],
)
def test_plugins_that_are_understood_or_harmless_need_no_word(load_map: Loader, plugin: str) -> None:
    service = load_map(f"plugins: [{plugin}]\n")
    assert service.plugins == (plugin,)
    assert messages(service) == []


def test_an_unknown_plugin_is_named_at_its_place(load_map: Loader) -> None:
    assert [str(warning) for warning in load_map(UNKNOWN).warnings] == [
        "serverless.yml:5:31: plugins[1]: the plugin 'serverless-homegrown' isn't known here and isn't run; "
        "what it adds or changes is missing"
    ]


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        (
            "plugins: [serverless-lift]\nconstructs: {jobs: {type: queue}}\n",
            "the plugin 'serverless-lift' isn't run here: its constructs (queues, storage, websites, …) aren't there",
        ),
        (
            "plugins: {modules: [serverless-step-functions]}\nstepFunctions: {stateMachines: {}}\n",
            "the plugin 'serverless-step-functions' isn't run here: its state machines aren't there",
        ),
        (
            "plugins: [serverless-appsync-plugin]\nappSync: {name: x}\n",
            "the plugin 'serverless-appsync-plugin' isn't run here: the GraphQL API isn't there",
        ),
        (
            "plugins: [serverless-plugin-warmup]\n"
            "functions: {f: {handler: handlers/login.handler, warmup: {default: {enabled: true}}}}\n",
            "the plugin 'serverless-plugin-warmup' isn't run here: no function is kept warm by calls",
        ),
    ],
)
def test_a_plugin_that_would_change_the_template_says_once_what_is_lost(
    load_map: Loader, text: str, lost: str
) -> None:
    assert messages(load_map(text)) == [lost]


def test_the_keys_of_a_plugin_that_is_not_listed_are_unknown(load_map: Loader) -> None:
    assert messages(load_map("stepFunctions: {stateMachines: {}}\n"))[0].startswith("unknown key")


@pytest.mark.parametrize("text", [UNKNOWN, "plugins: [serverless-lift]\n"])
def test_strict_refuses_what_would_be_lost(problems_of: Problems, text: str) -> None:
    assert len(problems_of(text, strict=True)) == 1


def test_a_handler_that_a_plugin_would_make_stops_nothing(load_map: Loader) -> None:
    text = "plugins: [serverless-wsgi]\nfunctions: {app: {handler: wsgi_handler.handler}}\n"
    assert messages(load_map(text)) == [
        "the plugin 'serverless-wsgi' isn't run here: its handler, wsgi_handler, isn't made",
        "there is no file wsgi_handler.py for the handler 'wsgi_handler.handler'",
    ]


def test_the_requirements_of_python_functions_are_files_of_the_map(load_map: Loader) -> None:
    text = """\
    plugins: [serverless-python-requirements]
    functions:
      a: {handler: handlers/login.handler}
      b: {handler: jobs.handler, module: jobs}
    """
    names = [str(path.relative_to(path.parents[1])) for path in load_map(text).files]
    assert "jobs/requirements.txt" in names
    assert sum(name.endswith("requirements.txt") for name in names) == 2


def test_strict_refuses_events_that_would_not_fire(problems_of: Problems) -> None:
    text = "functions: {f: {handler: handlers/login.handler, events: [{iot: {sql: SELECT}}, {alexaSkill: amzn1.x}]}}\n"
    assert len(problems_of(text, strict=True)) == 2


@pytest.mark.parametrize(
    ("text", "bundler"),
    [
        ("plugins: [serverless-webpack]\n", "esbuild"),
        ("plugins: [serverless-bundle]\n", "esbuild"),
        ("plugins: [serverless-plugin-typescript]\n", "esbuild"),
        ("build: esbuild\n", "esbuild"),
        ("build: {esbuild: {bundle: true}}\n", "esbuild"),
        ("build: {esbuild: false}\n", None),
        ("plugins: [serverless-offline]\n", None),
    ],
)
def test_every_bundler_is_stood_in_for_by_esbuild(load_map: Loader, text: str, bundler: str | None) -> None:
    service = load_map(text)
    assert (service.bundler, messages(service)) == (bundler, [])


@pytest.mark.parametrize(
    ("settings", "port", "rest", "http"),
    [
        ("{}", None, "/dev", ""),
        ("{httpPort: 4000}", 4000, "/dev", ""),
        ("{port: '4001'}", 4001, "/dev", ""),
        ("{noPrependStageInUrl: true}", None, "", ""),
        ("{prefix: api/}", None, "/api/dev", "/api"),
        ("{prefix: api, noPrependStageInUrl: 'true'}", None, "/api", "/api"),
        ("{httpPort: many}", None, "/dev", ""),
    ],
)
def test_serverless_offline_says_where_the_service_is(
    load_map: Loader, settings: str, port: int | None, rest: str, http: str
) -> None:
    offline = load_map(f"custom: {{serverless-offline: {settings}}}\n").offline
    assert (offline.http_port, offline.rest_base("dev"), offline.http_base) == (port, rest, http)


def test_what_would_make_serverless_offline_less_strict_than_aws_is_not_followed(load_map: Loader) -> None:
    service = load_map("custom: {serverless-offline: {noAuth: true}}\n")
    assert messages(service) == ["isn't followed: authorizers decide here as they do on AWS"]


def test_the_dotenv_plugin_gives_its_variables_to_the_functions(load_map: Loader) -> None:
    text = """\
    plugins: [serverless-dotenv-plugin]
    custom: {dotenv: {exclude: [SECRET]}, seen: '${env:TABLE}'}
    functions: {f: {handler: handlers/login.handler, environment: {OWN: x}}}
    """
    service = load_map(text, files={".env": "TABLE=notes\nSECRET=s\n"})
    assert service.functions["f"].environment == {"TABLE": "notes", "OWN": "x"}
    assert service.custom["seen"] == "notes"
