"""What pyproject.toml cannot say: a wheel also carries the services that `dew init` starts a project from."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SERVICES = {
    "reference": ("serverless.yml", "handlers", "stack"),
    "minimal": ("examples/minimal",),
    "typescript": ("examples/typescript",),
}
NOT_COPIED = shutil.ignore_patterns("node_modules", "__pycache__", ".*", "localstack")


class BuildWithServices(build_py):
    """Copies the services to `dewstack/templates/`; an editable installation reads them where they are."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for name, sources in SERVICES.items():
            target = Path(self.build_lib, "dewstack", "templates", name)
            for source in map(ROOT.joinpath, sources):
                if len(sources) == 1:
                    shutil.copytree(source, target, ignore=NOT_COPIED, dirs_exist_ok=True)
                elif source.is_dir():
                    shutil.copytree(source, target / source.name, ignore=NOT_COPIED, dirs_exist_ok=True)
                else:
                    target.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(source, target)


setup(cmdclass={"build_py": BuildWithServices})
