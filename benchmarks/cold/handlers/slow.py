import time


def ready(event, context):
    return {"statusCode": 200}


def handler(event, context):
    time.sleep(0.1)
    return {"statusCode": 200}
