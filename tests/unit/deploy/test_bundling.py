"""TypeScript is bundled by esbuild as the Framework's plugins would, kept in step with its sources, and packaged."""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from dewstack.deploy.artifacts import package_service
from dewstack.deploy.bundle_options import bundle_options
from dewstack.deploy.bundle_plan import plan_bundles
from dewstack.deploy.bundling import Bundled, Bundler
from dewstack.deploy.esbuild import find_esbuild, read_failure
from dewstack.errors import UserError
from dewstack.service import Service, load

pytestmark = pytest.mark.node

HANDLER = "import { word } from '../word';\nexport const handler = async (): Promise<string> => word;\n"


class Project:
    """A map with TypeScript functions in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.notices: list[str] = []
        self.bundler = Bundler(self.notices.append)
        self.write("src/word.ts", "export const word = 'one';\n")

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def map(self, functions: dict[str, object], **more: object) -> Service:
        provider = {"name": "aws", "runtime": "nodejs22.x"}
        specs = {k: v if isinstance(v, dict) else {"handler": v} for k, v in functions.items()}
        self.write(
            "serverless.yml", json.dumps({"service": "ts", "provider": provider, "functions": specs, **more})
        )
        return load(self.directory, options={}, environ={})

    def one(self, **more: object) -> Service:
        """A map with the function `a` in `src/handlers/a.ts`."""
        self.write("src/handlers/a.ts", HANDLER)
        return self.map({"a": "src/handlers/a.handler"}, **more)

    def changed(self, *names: str) -> Bundled:
        return self.bundler.changed({os.path.realpath(self.directory / name) for name in names})

    def run(self, key: str = "a", stem: str = "src/handlers/a.cjs") -> str:
        """What the function of this bundle gives."""
        file = self.directory / ".dew/build" / key / stem
        script = (
            "import(process.argv[1]).then(async (m) => console.log(await m.handler()))"
            ".catch((error) => console.log(error.name, error.message))"
        )
        done = subprocess.run(["node", "-e", script, file], capture_output=True, text=True, timeout=30)
        return done.stdout.strip() or done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def test_a_typescript_function_has_its_bundle_in_a_folder_of_its_own(project: Project) -> None:
    bundled = project.bundler.build(project.one())
    assert bundled.directories == {"a": project.directory.resolve() / ".dew/build/a"}
    assert project.run() == "one"
    mapping = json.loads((project.directory / ".dew/build/a/src/handlers/a.cjs.map").read_text())
    sources = {
        (project.directory / ".dew/build/a/src/handlers" / each).resolve() for each in mapping["sources"]
    }
    assert sources == {(project.directory / name).resolve() for name in ("src/handlers/a.ts", "src/word.ts")}


def test_functions_of_one_file_share_a_bundle(project: Project) -> None:
    project.write("src/a.ts", "export const one = 1, two = 2;")
    project.write("p.py", "f = print")
    service = project.map(
        {"one": "src/a.one", "two": "src/a.two", "python": {"handler": "p.f", "runtime": "python3.11"}}
    )
    [bundle] = plan_bundles(service)
    assert bundle.functions == ("one", "two")


def test_plain_javascript_runs_as_it_is_unless_the_map_bundles_it(project: Project) -> None:
    project.write("a.js", "exports.handler = async () => 1")
    assert plan_bundles(project.map({"a": "a.handler"})) == ()
    assert plan_bundles(project.map({"a": "a.handler"}, plugins=["serverless-webpack"]))
    assert plan_bundles(project.map({"a": "a.handler"}, build="esbuild"))
    assert (
        plan_bundles(
            project.map({"a": {"handler": "a.handler", "package": {"artifact": "a.zip"}}}, build="esbuild")
        )
        == ()
    )


@pytest.mark.parametrize("name", ["a.ts", "a.tsx", "a.mts", "a.cts", "a.jsx", "a/index.ts"])
def test_every_kind_of_source_is_found(project: Project, name: str) -> None:
    project.write(name, "export const handler = async () => 1")
    [bundle] = plan_bundles(project.map({"a": "a.handler"}))
    assert (bundle.source, bundle.stem) == (name, "a")


def test_a_save_makes_only_the_bundles_that_hold_the_file(project: Project) -> None:
    project.write("src/handlers/b.ts", "export const handler = async () => 'b'")
    project.write("src/handlers/a.ts", HANDLER)
    project.bundler.build(project.map({"a": "src/handlers/a.handler", "b": "src/handlers/b.handler"}))
    project.write("src/word.ts", "export const word = 'two';")
    changed = project.changed("src/word.ts").changed
    assert changed and all("/build/a/" in path for path in changed)
    assert project.run() == "two"
    assert project.changed("src/elsewhere.ts", "README.md") == Bundled()
    project.write("src/word.ts", "export const word: string = 'two';")
    assert not any(path.endswith(".cjs") for path in project.changed("src/word.ts").changed)


def test_a_mistake_is_thrown_by_its_function_alone_until_it_is_mended(project: Project) -> None:
    project.write("src/handlers/b.ts", "export const handler = async () => 'b'")
    project.write("src/handlers/a.ts", "export const = 5;")
    bundled = project.bundler.build(
        project.map({"a": "src/handlers/a.handler", "b": "src/handlers/b.handler"})
    )
    [failure] = bundled.failures
    assert failure.summary == 'src/handlers/a.ts:1:13: Expected identifier but found "="'
    assert "1 │ export const = 5;" in failure.text
    assert project.run() == f"SyntaxError {failure.summary}"
    assert project.run("b", "src/handlers/b.cjs") == "b"
    project.write("src/handlers/a.ts", HANDLER)
    assert project.changed("src/handlers/a.ts").failures == ()
    assert project.run() == "one"
    project.write("src/word.ts", "export const word = (;")
    assert project.changed("src/word.ts").failures[0].summary.startswith("src/word.ts:1:")
    project.write("src/word.ts", "export const word = 'three';")
    assert project.changed("src/word.ts").failures == ()
    assert project.run() == "three"


def test_a_missing_module_is_named(project: Project) -> None:
    project.write("a.ts", "import nowhere from 'nowhere';\nexport const handler = async () => nowhere;")
    [failure] = project.bundler.build(project.map({"a": "a.handler"})).failures
    assert failure.unresolved
    assert project.run(stem="a.cjs") == 'Error a.ts:1:20: Could not resolve "nowhere"'


def test_the_aws_sdk_comes_from_the_project_and_is_missed_by_name(project: Project) -> None:
    project.write("a.ts", "import { x } from '@aws-sdk/client-x';\nexport const handler = async () => x;")
    service = project.map({"a": "a.handler"})
    project.bundler.build(service)
    assert project.notices == [
        "AWS's runtime brings @aws-sdk/client-x along, this project doesn't:"
        " npm install --save-dev @aws-sdk/client-x"
    ]
    project.write("node_modules/@aws-sdk/client-x/index.js", "exports.x = 'sdk'")
    assert project.run(stem="a.cjs") == "sdk"


def test_a_module_package_gets_modules_unless_a_plugin_would_not(project: Project) -> None:
    project.write("package.json", '{"type": "module"}')
    project.bundler.build(project.one())
    assert project.run(stem="src/handlers/a.mjs") == "one"
    project.bundler.build(project.one(plugins=["serverless-esbuild"]))
    assert project.run() == "one"
    assert not (project.directory / ".dew/build/a/src/handlers/a.mjs").exists()


def test_the_maps_options_reach_esbuild(project: Project) -> None:
    options = {
        "define": {"GREETING": '"hello"'},
        "banner": {"js": "globalThis.banner = 1;"},
        "keepNames": True,
        "target": "node18",
        "loader": {".txt": "text"},
        "packager": "yarn",
        "concurrency": 4,
        "plugins": "plugins.js",
    }
    project.write("note.txt", "note")
    project.write(
        "a.ts",
        "declare const GREETING: string;\nimport note from './note.txt';\n"
        "export const handler = async () => [GREETING, (globalThis as any).banner, note].join()",
    )
    service = project.map({"a": "a.handler"}, plugins=["serverless-esbuild"], custom={"esbuild": options})
    project.bundler.build(service)
    assert project.run(stem="a.cjs") == "hello,1,note"
    assert project.notices == [
        "the esbuild option 'plugins' isn't used here; what it changes in bundles is missing"
    ]
    project.write("note.txt", "another")
    assert project.changed("note.txt").changed
    assert project.run(stem="a.cjs") == "hello,1,another"


def test_what_was_saved_meanwhile_is_found(project: Project) -> None:
    project.bundler.build(project.one())
    assert project.bundler.changed_since() == set()
    word = project.write("src/word.ts", "export const word = 'meanwhile';")
    later = word.stat().st_mtime + 5
    os.utime(word, (later, later))
    assert project.bundler.changed_since() == {os.path.realpath(word)}
    assert project.bundler.changed(project.bundler.changed_since()).changed
    assert project.run() == "meanwhile"


def test_sources_beside_the_project_are_known(project: Project) -> None:
    common = project.directory.parent / "common"
    project.write("../common/word.ts", "export const word = 'common';")
    project.write("a.ts", "import { word } from '../common/word';\nexport const handler = async () => word;")
    project.bundler.build(project.map({"a": "a.handler"}))
    assert project.bundler.folders_beside() == [common.resolve()]
    project.write("../common/word.ts", "export const word = 'changed';")
    assert project.changed("../common/word.ts").changed
    assert project.run(stem="a.cjs") == "changed"


def test_what_esbuild_does_not_make_of_decorators_is_said(project: Project) -> None:
    project.write("tsconfig.json", '{"compilerOptions": {"emitDecoratorMetadata": true}}')
    project.bundler.build(project.one())
    assert project.notices == ["tsconfig.json asks for emitDecoratorMetadata, which esbuild doesn't make"]


def test_files_that_patterns_name_lie_beside_the_bundle(project: Project) -> None:
    project.write("templates/mail.html", "hello")
    project.write("templates/draft.html", "no")
    project.write(
        "a.ts",
        "import { readFileSync } from 'fs';\nimport { join } from 'path';\n"
        "export const handler = async () => readFileSync(join(__dirname, 'templates/mail.html'), 'utf8')",
    )
    service = project.map({"a": "a.handler"}, package={"patterns": ["templates/**", "!**/draft.html"]})
    project.bundler.build(service)
    assert project.run(stem="a.cjs") == "hello"
    assert os.listdir(project.directory / ".dew/build/a/templates") == ["mail.html"]
    with zipfile.ZipFile(package_service(service).packages[0].path) as package:
        assert package.namelist() == ["a.js", "a.js.map", "templates/mail.html"]


def test_a_package_holds_bundles_and_the_modules_they_leave_out(project: Project) -> None:
    project.write("node_modules/kept/package.json", '{"dependencies": {"needed": "1"}}')
    project.write("node_modules/kept/index.js", "module.exports = require('needed')")
    project.write("node_modules/needed/index.js", "module.exports = 1")
    project.write("node_modules/other/index.js", "module.exports = 1")
    project.write("node_modules/brought/index.js", "module.exports = 1")
    project.write(
        "a.ts",
        "import kept from 'kept'; import b from 'brought'; export const handler = async () => [kept, b]",
    )
    project.write("b.ts", "import other from 'other'; export const handler = async () => other")
    esbuild = {"external": ["kept"], "exclude": ["brought"], "sourcemap": False}
    service = project.map(
        {"a": "a.handler", "b": "b.handler"},
        plugins=["serverless-esbuild"],
        custom={"esbuild": esbuild},
        package={"individually": True},
    )
    a, b = package_service(service).packages
    assert a.path.name == "a.zip"
    assert a.files == (
        "a.js",
        "node_modules/kept/index.js",
        "node_modules/kept/package.json",
        "node_modules/needed/index.js",
    )
    assert b.files == ("b.js",)
    assert package_service(service).packages[0].sha256 == a.sha256


def test_a_package_is_not_made_of_a_mistake(project: Project) -> None:
    project.write("a.ts", "export const = 5;")
    with pytest.raises(UserError, match=r"a\.ts:1:13"):
        package_service(project.map({"a": "a.handler"}))


def test_version_4_leaves_the_sdk_out_and_maps_sources(project: Project) -> None:
    options = bundle_options(project.one(build={"esbuild": {"minify": True}}), module_package=True)
    assert (options.esm, options.sourcemap, options.exclude) == (
        True,
        True,
        ("@aws-sdk/*", "@smithy/*", "aws-sdk"),
    )
    assert "--minify" in options.flags and "--format=esm" in options.flags


def test_a_place_that_cannot_be_written_is_named(project: Project) -> None:
    service = project.one()
    project.write(".dew", "a file")
    with pytest.raises(UserError, match=r"bundles can't be written: .*\.dew"):
        project.bundler.build(service)


def test_what_esbuild_says_is_understood() -> None:
    said = (
        '✘ [ERROR] No matching export in "src/b.ts" for import "x"\n\n    src/a.ts:1:9:\n      1 │ import\n'
    )
    failure = read_failure(said)
    assert failure.summary == 'src/a.ts:1:9: No matching export in "src/b.ts" for import "x"'
    assert not failure.unresolved


def test_the_projects_own_esbuild_is_taken_first(tmp_path: Path) -> None:
    known = find_esbuild(tmp_path).program
    own = tmp_path / "node_modules/@esbuild" / _machine() / "bin/esbuild"
    own.parent.mkdir(parents=True)
    shutil.copy(known, own)
    (tmp_path / "packages/a").mkdir(parents=True)
    assert find_esbuild(tmp_path / "packages/a").program == str(own)


def _machine() -> str:
    script = "console.log(`${process.platform}-${process.arch}`)"
    return subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout.strip()


def test_without_esbuild_and_npm_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(UserError, match="npm, which would fetch it") as caught:
        find_esbuild(tmp_path)
    assert caught.value.hint == "install it: npm install --save-dev esbuild"


def test_a_forged_package_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho forged > package.tgz\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if shutil.which("esbuild"):
        pytest.skip("this machine has an esbuild on PATH")
    with pytest.raises(UserError, match="another"):
        find_esbuild(tmp_path)
    assert not list((tmp_path / "cache").rglob("esbuild-*"))
