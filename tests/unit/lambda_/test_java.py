"""Functions in Java, by the runtime client in their package.

AWS's own client comes from Maven alone; a stand-in has its name and speaks its part of the Runtime API.
"""

import shutil
import subprocess
import sys

import pytest

from dewstack.lambda_.java import CLIENT, java_command, java_major

CLIENT_SOURCE = """
package com.amazonaws.services.lambda.runtime.api.client;

import java.net.URI;
import java.net.http.*;

public class AWSLambda {
    public static void main(String[] arguments) throws Exception {
        String base = "http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/";
        String[] named = System.getenv("_HANDLER").split("::");
        var method = Class.forName(named[0]).getMethod(named[1], String.class);
        var http = HttpClient.newHttpClient();
        while (true) {
            var next = HttpRequest.newBuilder(URI.create(base + "next")).build();
            var event = http.send(next, HttpResponse.BodyHandlers.ofString());
            String id = event.headers().firstValue("Lambda-Runtime-Aws-Request-Id").get();
            String answer = (String) method.invoke(null, event.body());
            var body = HttpRequest.BodyPublishers.ofString(answer);
            var response = HttpRequest.newBuilder(URI.create(base + id + "/response")).POST(body).build();
            http.send(response, HttpResponse.BodyHandlers.ofString());
        }
    }
}
"""
HANDLER_SOURCE = """
package example;

public class App {
    static int served = 0;
    public static String handle(String event) {
        long heap = Runtime.getRuntime().maxMemory() >> 20;
        return "[" + event + ", " + ++served + ", " + heap + "]";
    }
}
"""
needs_java = pytest.mark.skipif(shutil.which("javac") is None, reason="there is no Java here")


def test_without_the_client_the_function_says_what_to_add(functions):
    functions.create("f", "example.App::handle", Runtime="java21")
    payload = functions.invoke("f")["Payload"]
    assert payload["errorType"] == "Runtime.InvalidEntrypoint"
    if shutil.which("java"):
        assert "com.amazonaws:aws-lambda-java-runtime-interface-client" in payload["errorMessage"]
    else:
        assert "Java is not on this machine" in payload["errorMessage"]


@needs_java
def test_a_function_in_java_is_served(functions):
    sources = functions.directory.parent / "sources"
    sources.mkdir()
    (sources / "AWSLambda.java").write_text(CLIENT_SOURCE)
    (sources / "App.java").write_text(HANDLER_SOURCE)
    files = [str(path) for path in sources.iterdir()]
    subprocess.run(["javac", "-d", str(functions.directory), *files], check=True, timeout=60)
    functions.create("f", "example.App::handle", Runtime="java17", MemorySize=512, Timeout=20)
    assert functions.invoke("f", {"a": 1})["Payload"][:2] == [{"a": 1}, 1]
    event, served, heap = functions.invoke("f", "b")["Payload"]
    assert (event, served) == ("b", 2)
    assert 300 < heap < 512


def test_the_client_is_looked_for_in_the_package_and_in_layers(tmp_path):
    code, layer = tmp_path / "code", tmp_path / "layer"
    (layer / "java" / "lib").mkdir(parents=True)
    code.mkdir()
    assert java_command("java", str(code), [str(layer)], 256) is None
    (layer / "java" / "lib" / "aws-lambda-java-runtime-interface-client-2.6.0.jar").touch()
    command = java_command("java", str(code), [str(layer)], 256)
    assert command is not None
    assert command[0] == "java" and command[-1] == CLIENT and "-Xmx204m" in command
    assert command[-2] == f"{code}:{code}/lib/*:{layer}/java/lib/*"


def test_a_program_that_tells_no_version_has_none(tmp_path):
    assert java_major(str(tmp_path / "absent")) == "?"
    assert java_major(sys.executable) == "?"
