"""CloudFormation's own types: stacks, waits, macros, custom resources, and what the CDK notes about itself."""

from dewstack.cloudformation.resources.base import Provider
from dewstack.cloudformation.resources.custom import CustomResource
from dewstack.cloudformation.resources.nested import NestedStack
from dewstack.cloudformation.resources.records import Record, named
from dewstack.cloudformation.resources.waiting import WaitCondition, WaitConditionHandle
from dewstack.cloudformation.responses import Responses

CUSTOM = "AWS::CloudFormation::CustomResource"


def own_types(responses: Responses) -> dict[str, Provider]:
    """The types of CloudFormation itself; `responses` is where custom resources and wait conditions listen."""
    return {
        CUSTOM: CustomResource(CUSTOM, responses),
        "AWS::CDK::Metadata": Record(named("None"), silent=True),
        "AWS::CloudFormation::Macro": Record(
            named("Name"),
            required=("Name", "FunctionName"),
            replacement=frozenset({"Name"}),
            name_property="Name",
            silent=True,
        ),
        "AWS::CloudFormation::Stack": NestedStack(),
        "AWS::CloudFormation::WaitCondition": WaitCondition(responses),
        "AWS::CloudFormation::WaitConditionHandle": WaitConditionHandle(responses),
    }
