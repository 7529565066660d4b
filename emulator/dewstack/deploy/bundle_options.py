"""The map's options for its bundler as esbuild's command line: of serverless-esbuild and its kin (`custom.esbuild`)
and of version 4 of the Framework (`build.esbuild`)."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dewstack.service import Service


def _one(name: str, value: Any) -> list[str]:
    """`--name=value`; a list is joined by commas."""
    text = ",".join(str(each) for each in value) if isinstance(value, list) else _text(value)
    return [f"--{name}={text}"]


def _flag(name: str, value: Any) -> list[str]:
    return [f"--{name}"] if value is True else []


def _each(name: str, value: Any) -> list[str]:
    """`--name:value` for each of them."""
    return [f"--{name}:{each}" for each in (value if isinstance(value, list) else [value])]


def _pairs(name: str, value: Any) -> list[str]:
    """`--name:key=value` for each of them."""
    return [f"--{name}:{key}={_text(each)}" for key, each in value.items()] if isinstance(value, dict) else []


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_Render = Callable[[str, Any], list[str]]
_RENDER: Mapping[str, tuple[str, _Render]] = {
    "alias": ("alias", _pairs),
    "banner": ("banner", _pairs),
    "charset": ("charset", _one),
    "conditions": ("conditions", _one),
    "define": ("define", _pairs),
    "drop": ("drop", _each),
    "dropLabels": ("drop-labels", _one),
    "footer": ("footer", _pairs),
    "ignoreAnnotations": ("ignore-annotations", _flag),
    "inject": ("inject", _each),
    "jsx": ("jsx", _one),
    "jsxDev": ("jsx-dev", _flag),
    "jsxFactory": ("jsx-factory", _one),
    "jsxFragment": ("jsx-fragment", _one),
    "jsxImportSource": ("jsx-import-source", _one),
    "jsxSideEffects": ("jsx-side-effects", _flag),
    "keepNames": ("keep-names", _flag),
    "legalComments": ("legal-comments", _one),
    "lineLimit": ("line-limit", _one),
    "loader": ("loader", _pairs),
    "logOverride": ("log-override", _pairs),
    "mainFields": ("main-fields", _one),
    "minify": ("minify", _flag),
    "minifyIdentifiers": ("minify-identifiers", _flag),
    "minifySyntax": ("minify-syntax", _flag),
    "minifyWhitespace": ("minify-whitespace", _flag),
    "packages": ("packages", _one),
    "platform": ("platform", _one),
    "preserveSymlinks": ("preserve-symlinks", _flag),
    "pure": ("pure", _each),
    "resolveExtensions": ("resolve-extensions", _one),
    "sourceRoot": ("source-root", _one),
    "supported": ("supported", _pairs),
    "target": ("target", _one),
    "treeShaking": ("tree-shaking", _one),
    "tsconfig": ("tsconfig", _one),
}
_OURS = frozenset(
    ("exclude", "external", "format", "sourcemap", "sourcesContent", "outputFileExtension", "skipBuild")
)
"""What is decided here, from the map's options among others."""
_NO_MATTER = frozenset(
    "buildConcurrency bundle color concurrency disposeContext installExtraArgs keepOutputDirectory logLevel logLimit"
    " metafile nativeZip nodePaths outputBuildFolder outputWorkFolder packagePath packager packagerOptions"
    " skipBuildExcludeFns stripEntryResolveExtensions useExperimentalDecorators watch write zipConcurrency zip".split()
)
"""About how the plugins work, not about what comes of it."""

SDK_V3 = ("@aws-sdk/*", "@smithy/*")
SDK_V2 = ("aws-sdk",)


class BundleOptions(Struct, frozen=True):
    """`flags` is esbuild's command line, external modules aside."""

    flags: tuple[str, ...]
    external: tuple[str, ...]
    """Modules that are left out of bundles and travel beside them."""
    exclude: tuple[str, ...]
    """Modules that are left out because the runtime brings them along."""
    esm: bool
    sourcemap: bool | str
    """Whether a package has source maps, or of which kind."""
    ending: str | None
    """What files in a package end with, if the map says so."""
    not_understood: tuple[str, ...]
    """Options that change bundles and that have no counterpart here."""
    skip: bool = False

    def arguments(
        self, entries: Iterable[str], outdir: Path, ending: str, node: int, external: Iterable[str]
    ) -> list[str]:
        """esbuild's command line for `entries` (`out=in`), source maps aside. `node`: the oldest major version."""
        target = () if any(flag.startswith("--target=") for flag in self.flags) else (f"--target=node{node}",)
        return [
            *entries,
            f"--outdir={outdir}",
            f"--out-extension:.js={ending}",
            *target,
            *self.flags,
            *(f"--external:{name}" for name in dict.fromkeys(external)),
        ]


def bundle_options(service: Service, *, module_package: bool) -> BundleOptions:
    """The map's options. `module_package`: whether its package.json has `type: module`."""
    plugin = "serverless-esbuild" in service.plugins
    settings = _settings(service)
    flags = [flag for name, value in settings.items() if name in _RENDER for flag in _rendered(name, value)]
    if "platform" not in settings:
        flags.append("--platform=node")
    unknown = [name for name in settings if name not in _RENDER and name not in _OURS | _NO_MATTER]
    chosen = settings.get("format")
    esm = chosen == "esm" or (chosen is None and module_package and not plugin)
    sourcemap = settings.get("sourcemap", not plugin)
    if isinstance(sourcemap, Mapping):
        sourcemap = sourcemap.get("type", True)
    return BundleOptions(
        flags=(*flags, f"--format={'esm' if esm else 'cjs'}"),
        external=_names(settings.get("external")),
        exclude=_names(settings.get("exclude", list(SDK_V2) if plugin else list(SDK_V3 + SDK_V2))),
        esm=esm,
        sourcemap=sourcemap if isinstance(sourcemap, bool | str) else True,
        ending=settings.get("outputFileExtension"),
        not_understood=tuple(unknown),
        skip=settings.get("skipBuild") is True,
    )


def _settings(service: Service) -> Mapping[str, Any]:
    for each in (service.build.get("esbuild"), service.custom.get("esbuild")):
        if isinstance(each, Mapping):
            return each
    return {}


def _rendered(name: str, value: Any) -> list[str]:
    flag, render = _RENDER[name]
    return [] if value is None else render(flag, value)


def _names(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    return tuple(name for name in names if isinstance(name, str) and name != "*")
