"""What triggers answer that is no answer: errors, timeouts, missing permission, other shapes."""

import pytest

from tests.trigger_world import refused


def confirm(triggers):
    """An operation with a trigger that changes nothing else: PreAuthentication of a user who exists."""
    triggers.add("ada")
    return refused(triggers.sign_in, "ada")


def test_a_function_that_may_not_be_invoked(triggers):
    triggers.make("", "PreAuthentication", permitted=False)
    assert confirm(triggers) == (
        "UnexpectedLambdaException",
        "PreAuthentication invocation failed due to error AccessDeniedException.",
    )
    assert triggers.events == []


def test_a_permission_for_another_pool_is_none(triggers):
    arn = triggers.make("", "PreAuthentication", permitted=False)
    triggers.permit(arn, "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_another00")
    assert confirm(triggers)[0] == "UnexpectedLambdaException"
    triggers.permit(arn, "arn:aws:cognito-idp:us-east-1:000000000000:userpool/*")
    assert triggers.sign_in("ada")["AuthenticationResult"]


def test_a_function_that_is_gone(triggers):
    arn = triggers.make("", "PreAuthentication")
    triggers.functions.delete_function(FunctionName=arn)
    assert confirm(triggers)[1] == "PreAuthentication invocation failed due to error AccessDeniedException."


def test_a_function_that_runs_out_of_its_own_time_has_failed(triggers):
    arn = triggers.make("time.sleep(20)", "PreAuthentication")
    triggers.functions.update_function_configuration(FunctionName=arn, Timeout=1)
    code, message = confirm(triggers)
    assert code == "UserLambdaValidationException"
    assert message.startswith("PreAuthentication failed with error ")
    assert message.endswith("Task timed out after 1.00 seconds.")
    assert len(triggers.events) == 1


def test_five_seconds_three_times_are_the_limit(triggers):
    triggers.make("time.sleep(8)", "PreAuthentication")
    assert confirm(triggers) == (
        "UnexpectedLambdaException",
        "PreAuthentication invocation failed due to error Socket timeout while invoking Lambda function.",
    )
    assert len(triggers.events) == 3


def test_a_throttled_function(triggers):
    arn = triggers.make("", "PreAuthentication")
    triggers.functions.put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=0)
    assert (
        confirm(triggers)[1] == "PreAuthentication invocation failed due to error TooManyRequestsException."
    )


@pytest.mark.parametrize(
    "answer",
    [
        "return None",
        "return 'ok'",
        "return {}",
        "return {'response': {}}",
        "event['response'] = None",
        "event['response'] = []",
        "del event['callerContext']",
        "event['version'] = 1",
        "response['autoConfirmUser'] = 'perhaps'",
    ],
)
def test_an_answer_of_another_shape(triggers, answer):
    triggers.make(answer, "PreSignUp")
    assert refused(triggers.sign_up, "ada") == (
        "InvalidLambdaResponseException",
        "Unrecognizable lambda output",
    )
    assert triggers.missing("ada")


def test_nulls_and_members_of_ones_own_are_no_fault(triggers):
    triggers.make("response.update(autoVerifyEmail=None, mine=[1]); event['mine'] = 2", "PreSignUp")
    assert triggers.sign_up("ada")["UserSub"]
