"""What a function finds of its process: its own variables, its own modules, its own directory."""

import os

COUNT = [0]
WHO = os.environ["WHO"]


def handler(event, context):
    from functions import helper

    COUNT[0] += 1
    helper.SEEN.append(WHO)
    return {
        "who": [WHO, os.environ["WHO"]],
        "count": COUNT[0],
        "seen": helper.SEEN,
        "name": [context.function_name, os.environ["AWS_LAMBDA_FUNCTION_NAME"]],
        "here": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"],
        "mine": "OUTSIDE" in os.environ,
    }
