"""Where a domain name's DNS records would lead."""

import re

from msgspec.structs import replace

from dewstack.apigateway.domains.model import DomainName
from dewstack.apigateway.errors import BadRequestException
from dewstack.ids import random_string

NAME = re.compile(r"(?=.{1,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
ZONES = {"EDGE": "Z2FDTNDATAQYW2", "REGIONAL": "Z1UJRXOUMOOFQ8"}


def placed(domain: DomainName, now: float) -> DomainName:
    """The domain with the names that its DNS records would lead to. Raises BadRequestException."""
    kinds = domain.endpoint_configuration.types
    if kinds not in (["EDGE"], ["REGIONAL"]):
        raise BadRequestException("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE")
    arn = f"arn:aws:apigateway:{domain.region}::/domainnames/{domain.domain_name}"
    domain = replace(domain, domain_name_arn=arn, certificate_upload_date=now)
    if kinds == ["EDGE"]:
        host = f"d{random_string(13)}.cloudfront.net"
        return replace(domain, distribution_domain_name=host, distribution_hosted_zone_id=ZONES["EDGE"])
    host = f"d-{random_string(10)}.execute-api.{domain.region}.amazonaws.com"
    return replace(domain, regional_domain_name=host, regional_hosted_zone_id=ZONES["REGIONAL"])
