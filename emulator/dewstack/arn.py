"""Amazon Resource Names: `arn:partition:service:region:account:resource`."""

from msgspec import Struct

PARTITION = "aws"


class Arn(Struct, frozen=True):
    """The six parts of an ARN; `resource` keeps its own colons and slashes."""

    service: str
    region: str
    account_id: str
    resource: str
    partition: str = PARTITION

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account_id}:{self.resource}"

    @classmethod
    def parse(cls, text: str) -> "Arn":
        """Read an ARN. Raises ValueError when `text` is not one."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise ValueError(f"not an ARN: {text!r}")
        return cls(
            service=parts[2], region=parts[3], account_id=parts[4], resource=parts[5], partition=parts[1]
        )


def function_arn(region: str, account_id: str, name: str, qualifier: str = "") -> str:
    """The ARN of a Lambda function, with a version or alias when `qualifier` is given."""
    resource = f"function:{name}:{qualifier}" if qualifier else f"function:{name}"
    return str(Arn("lambda", region, account_id, resource))
