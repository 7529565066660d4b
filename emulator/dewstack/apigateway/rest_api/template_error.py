"""What can be wrong with a mapping template."""


class TemplateError(Exception):
    """A template that cannot be read or rendered; the message says where and why."""
