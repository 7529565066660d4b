"""`AWS::Serverless-2016-10-31`: SAM's templates, turned into CloudFormation's by AWS's own translator.

It is the extra `sam`, and loaded by the first template that asks for it.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html
"""

import asyncio
import copy
import logging
import threading
from types import SimpleNamespace
from typing import Any

from dewstack.cloudformation.macros.fragment import Fragment, Setting, TransformError
from dewstack.errors import NotEmulated
from dewstack.extras import install_command

SAM = "AWS::Serverless-2016-10-31"


class Sam:
    """The translator. It keeps the region in a class of its own, so templates go through it one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def __call__(self, setting: Setting, fragment: Fragment) -> Any:
        """The template without SAM's types. Raises TransformError, NotEmulated without the extra."""
        return await asyncio.to_thread(self._translate, setting, fragment.value)

    def _translate(self, setting: Setting, document: Any) -> Any:
        try:
            from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
            from samtranslator.model.exceptions import InvalidDocumentException
            from samtranslator.parser.parser import Parser
            from samtranslator.translator.translator import Translator
            from samtranslator.utils.py27hash_fix import (
                to_py27_compatible_template,
                undo_mark_unicode_str_in_template,
            )
        except ModuleNotFoundError as error:
            raise NotEmulated(
                f"transform {SAM} is translated by aws-sam-translator, which is not installed:"
                f" {install_command('sam')}"
            ) from error
        logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it misses a sink for its metrics
        template, values = copy.deepcopy(document), dict(setting.parameters)
        with self._lock:
            try:
                to_py27_compatible_template(template, values)
                session: Any = SimpleNamespace(region_name=setting.caller.region)
                policies = get_bundled_managed_policy_map("aws")
                translator = Translator(policies, Parser(), boto_session=session)
                translated = translator.translate(template, parameter_values=values)
            except InvalidDocumentException as error:
                raise TransformError(f"Transform {SAM} failed with: {_said(error)}") from error
            return undo_mark_unicode_str_in_template(translated)


def _said(error: Any) -> str:
    """AWS's own sentence, with the causes in the order of their resources."""
    causes = " ".join(sorted(cause.message for cause in error.causes))
    return f"{error.message} {causes}".strip()
