"""Who signed a request, and what he may do: credentials, AWS Signature Version 4, and IAM's evaluation of policies.

Other services guard their doors by `Iam.authorize`, a `dewstack.access.Authorize`: awaited with a request, an action
(`lambda:InvokeFunctionUrl`) and the ARN of a resource, it gives a `dewstack.access.Principal` for a caller who may, and
a `dewstack.access.Refusal` for anybody else. `app.py` hands it to them.
"""

from dewstack.iam.credentials import Credential
from dewstack.iam.model import Identity, Recorded
from dewstack.iam.security_tokens import SecurityTokens
from dewstack.iam.service import Iam, Sources
from dewstack.iam.sessions import user_key

__all__ = ["Credential", "Iam", "Identity", "Recorded", "SecurityTokens", "Sources", "user_key"]
