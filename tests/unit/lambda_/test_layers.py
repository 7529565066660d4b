"""Layers: published, listed, and seen by functions as their /opt."""

import os

import pytest

from dewstack.errors import AwsError

LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:common"
FOREIGN = "arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsightsExtension:14"


@pytest.fixture
def publish(functions, tmp_path):
    """Publishes a directory with the given files as a version of a layer; its ARN."""

    def publish(files, name="common", **settings):
        directory = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}"
        for path, text in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            target.chmod(0o755)
        content = {"S3Bucket": "hot-reload", "S3Key": str(directory)}
        return functions.call("PublishLayerVersion", LayerName=name, Content=content, **settings)[
            "LayerVersionArn"
        ]

    return publish


def test_a_function_imports_from_its_layers_and_the_last_one_wins(functions, publish):
    first = publish({"python/shared.py": "name = 'first'", "python/only.py": "name = 'only'"})
    second = publish({"python/lib/python3.11/site-packages/shared.py": "name = 'second'"}, "other")
    functions.function(
        "import shared, only\ndef handler(event, context): return [shared.name, only.name]",
        Layers=[first, second],
    )
    assert functions.invoke("f")["Payload"] == ["second", "only"]


def test_the_functions_own_code_comes_before_its_layers(functions, publish):
    arn = publish({"python/shared.py": "name = 'layer'"})
    functions.write("shared.py", "name = 'function'")
    functions.function("import shared\ndef handler(event, context): return shared.name", Layers=[arn])
    assert functions.invoke("f")["Payload"] == "function"


def test_programs_and_libraries_of_layers_are_on_their_paths(functions, publish):
    arn = publish({"bin/greet": "#!/bin/sh\necho hello", "lib/libx.so": ""})
    functions.function(
        "import os, subprocess\ndef handler(event, context):\n"
        "    return [subprocess.run(['greet'], capture_output=True, text=True).stdout,"
        " os.environ['LD_LIBRARY_PATH'].split(':')]",
        Layers=[arn],
    )
    greeting, libraries = functions.invoke("f")["Payload"]
    assert greeting == "hello\n"
    assert libraries[0] == os.path.realpath(functions.directory)
    assert os.path.exists(f"{libraries[-1]}/libx.so")


def test_a_layer_may_bring_the_bootstrap(functions, publish):
    arn = publish({"bootstrap": "#!/bin/sh\nexit 7"})
    functions.create("f", "x", Runtime="provided.al2023", Layers=[arn])
    assert functions.invoke("f")["Payload"]["errorMessage"].endswith("exit status 7")


def test_a_saved_file_of_a_layer_is_served_by_the_next_request(functions, publish):
    arn = publish({"python/shared.py": "name = 'old'"})
    functions.function(
        "import shared\ndef handler(event, context): return shared.__file__, shared.name", Layers=[arn]
    )
    path, name = functions.invoke("f")["Payload"]
    assert name == "old"
    with open(path, "w") as file:
        file.write("name = 'newer'")
    assert functions.service.invoker.files_changed([os.path.realpath(path)]) == ["f"]
    assert functions.invoke("f")["Payload"][1] == "newer"


def test_versions_are_numbered_listed_and_not_given_again(functions, publish):
    assert [publish({"x": str(n)}, Description=f"no. {n}") for n in (1, 2)] == [f"{LAYER}:1", f"{LAYER}:2"]
    listed = functions.call("ListLayerVersions", LayerName="common")["LayerVersions"]
    assert [(each["Version"], each["Description"]) for each in listed] == [(2, "no. 2"), (1, "no. 1")]
    functions.call("DeleteLayerVersion", LayerName="common", VersionNumber=2)
    (layer,) = functions.call("ListLayers")["Layers"]
    assert layer["LatestMatchingVersion"]["LayerVersionArn"] == f"{LAYER}:1"
    assert publish({"x": "3"}) == f"{LAYER}:3"
    with pytest.raises(AwsError, match="does not exist"):
        functions.call("GetLayerVersion", LayerName="common", VersionNumber=2)
    told = functions.call("GetLayerVersionByArn", Arn=f"{LAYER}:1")
    assert (told["LayerArn"], told["Version"]) == (LAYER, 1)


def test_lists_can_be_of_a_runtime(functions, publish):
    publish({"x": ""}, "py", CompatibleRuntimes=["python3.11"])
    publish({"x": ""}, "js", CompatibleRuntimes=["nodejs22.x"])
    publish({"x": ""}, "any")
    found = functions.call("ListLayers", CompatibleRuntime="python3.11")["Layers"]
    assert [each["LayerName"] for each in found] == ["py"]


def test_a_function_goes_on_with_a_deleted_version(functions, publish):
    arn = publish({"python/shared.py": "name = 'kept'"})
    functions.function("import shared\ndef handler(event, context): return shared.name", Layers=[arn])
    functions.call("DeleteLayerVersion", LayerName="common", VersionNumber=1)
    assert functions.invoke("f")["Payload"] == "kept"


def test_a_layer_of_another_account_is_named_once_and_done_without(functions, caplog):
    for name in ("f", "g"):
        functions.write("f.py", "def handler(event, context): return 1")
        functions.create(name, "f.handler", Layers=[FOREIGN])
        assert functions.invoke(name)["Payload"] == 1
    assert sum(FOREIGN in message for message in caplog.messages) == 1


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([f"{LAYER}:9"], f"Layer version {LAYER}:9 does not exist"),
        ([LAYER], "is not the ARN of a layer's version"),
        ([f"{FOREIGN}{n}" for n in range(6)], "more than 5 layers"),
    ],
)
def test_layers_that_lambda_refuses_are_refused(functions, layers, said):
    functions.write("f.py", "def handler(event, context): pass")
    with pytest.raises(AwsError, match=said):
        functions.create("f", "f.handler", Layers=layers)
    functions.create("f", "f.handler")
    with pytest.raises(AwsError, match=said):
        functions.call("UpdateFunctionConfiguration", FunctionName="f", Layers=layers)


def test_a_versions_policy_is_kept(functions, publish):
    publish({"x": ""})
    version = {"LayerName": "common", "VersionNumber": 1}
    statement = {"StatementId": "all", "Principal": "*", "Action": "lambda:GetLayerVersion"}
    functions.call("AddLayerVersionPermission", **version, **statement)
    with pytest.raises(AwsError, match="already exists"):
        functions.call("AddLayerVersionPermission", **version, **statement)
    assert '"Sid":"all"' in functions.call("GetLayerVersionPolicy", **version)["Policy"]
    functions.call("RemoveLayerVersionPermission", **version, StatementId="all")
    for operation in ("GetLayerVersionPolicy", "RemoveLayerVersionPermission"):
        with pytest.raises(AwsError):
            functions.call(operation, **version, StatementId="all")
