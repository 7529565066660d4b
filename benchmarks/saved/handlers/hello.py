def handler(event, context):
    return {"statusCode": 200, "body": "as saved 0"}
