"""What can be wrong with a template."""


class TemplateError(Exception):
    """A template that cannot be read or rendered; the message says where and why."""


class Stop(Exception):
    """`#stop`: the rendering ends here, with what it has."""


class Break(Exception):
    """`#break`: the loop ends here."""
