"""A function that a pool's custom challenges are made by: it asks for a colour, three times at most."""

import io
import zipfile

from dewstack.testing import Dew

COLOUR = "teal"
SOURCE = """
import os
def define(request, response):
    session = request["session"]
    last = session[-1] if session else {}
    if last.get("challengeName") == "SRP_A":
        response["challengeName"] = "PASSWORD_VERIFIER"
    elif last.get("challengeName") == "CUSTOM_CHALLENGE" and last["challengeResult"]:
        response["issueTokens"] = True
    elif len([each for each in session if each["challengeName"] == "CUSTOM_CHALLENGE"]) == 3:
        response["failAuthentication"] = True
    else:
        response["challengeName"] = "CUSTOM_CHALLENGE"

def create(request, response):
    response["publicChallengeParameters"] = {"question": "Which colour?"}
    response["privateChallengeParameters"] = {"colour": os.environ["COLOUR"]}
    response["challengeMetadata"] = "COLOUR"

def verify(request, response):
    response["answerCorrect"] = request["challengeAnswer"] == request["privateChallengeParameters"]["colour"]

STEPS = {
    "DefineAuthChallenge_Authentication": define,
    "CreateAuthChallenge_Authentication": create,
    "VerifyAuthChallengeResponse_Authentication": verify,
}

def handler(event, context):
    STEPS[event["triggerSource"]](event["request"], event["response"])
    return event
"""


def colour_triggers(dew: Dew, name: str = "colour") -> dict[str, str]:
    """A pool's LambdaConfig, with the function made, which user pools may invoke."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("colour.py", SOURCE)
    functions = dew.client("lambda")
    arn = functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/colour",
        Handler="colour.handler",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"COLOUR": COLOUR}},
    )["FunctionArn"]
    functions.add_permission(
        FunctionName=name,
        StatementId="pools",
        Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com",
    )
    return dict.fromkeys(("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"), arn)
