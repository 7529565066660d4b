"""IAM policy documents, read once and asked often: who may do what to which resource, under which conditions.

`read` makes statements of a document, `effect` asks them. Whoever has policies (roles, APIs, functions) reads them by
this one reading.
"""

from dewstack.policies.conditions import Context
from dewstack.policies.documents import MalformedPolicy, Patterns, Statement, effect, read
from dewstack.policies.principals import names_principal
from dewstack.policies.wildcard import wildcard

__all__ = [
    "Context",
    "MalformedPolicy",
    "Patterns",
    "Statement",
    "effect",
    "names_principal",
    "read",
    "wildcard",
]
