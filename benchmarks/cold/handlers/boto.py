import boto3


def handler(event, context):
    return {"statusCode": 200, "body": boto3.__version__}
