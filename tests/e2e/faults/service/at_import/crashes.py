import os
import signal

os.kill(os.getpid(), signal.SIGSEGV)


def handler(event, context):
    return None
