"""The errors of CloudWatch."""

from dewstack.errors import AwsError


class InvalidParameterValue(AwsError):
    """A parameter has a value that it may not have."""

    code = "InvalidParameterValue"
    status = 400


class InvalidParameterCombination(AwsError):
    """Parameters contradict each other."""

    code = "InvalidParameterCombination"
    status = 400


class MissingParameter(AwsError):
    """A parameter that is needed is not there."""

    code = "MissingParameter"
    status = 400


class ValidationError(AwsError):
    """A query of GetMetricData that cannot be answered."""

    code = "ValidationError"
    status = 400
