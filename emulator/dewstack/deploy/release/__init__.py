"""A map, deployed to a target: compiled, checked, packed, uploaded, carried out, followed; and removed again."""

from dewstack.deploy.release.checks import check_functions, check_plugins, check_services, check_template
from dewstack.deploy.release.compiled import Compiled, Tools, compile_for
from dewstack.deploy.release.removal import remove
from dewstack.deploy.release.steps import Deployed, Deployment, Plan, Watcher

__all__ = [
    "Compiled",
    "Deployed",
    "Deployment",
    "Plan",
    "Tools",
    "Watcher",
    "check_functions",
    "check_plugins",
    "check_services",
    "check_template",
    "compile_for",
    "remove",
]
