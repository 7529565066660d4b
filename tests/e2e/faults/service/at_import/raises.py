raise ValueError("on purpose")


def handler(event, context):
    return None
