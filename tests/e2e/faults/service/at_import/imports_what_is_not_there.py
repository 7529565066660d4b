import not_there


def handler(event, context):
    return not_there
