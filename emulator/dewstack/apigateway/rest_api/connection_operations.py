"""The control plane of REST APIs: VPC links, which lead nowhere here, and client certificates (`apigateway`)."""

from datetime import timedelta
from typing import Any

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.rest_api.account_model import ClientCertificate, VpcLink
from dewstack.apigateway.rest_api.patch import Patches, scalar
from dewstack.apigateway.rest_api.resources import RestApis, new_id, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.wire import operation

DAYS = 365
KEY_BITS = 2048
LINK_PATCHES = Patches(VpcLink, {"name": scalar, "description": scalar})
CERTIFICATE_PATCHES = Patches(ClientCertificate, {"description": scalar})


class VpcLinkOperations:
    """CreateVpcLink, GetVpcLink, GetVpcLinks, UpdateVpcLink, DeleteVpcLink: kept, and refused where they are used."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis

    @operation("CreateVpcLink")
    def create_vpc_link(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Keep a link. Raises BadRequestException."""
        given = fields_of(VpcLink, params) | {"id": new_id()}
        if not given.get("name") or not given.get("target_arns"):
            raise BadRequestException("VPC link name and target ARNs must be non-empty")
        link = VpcLink(account_id=caller.account_id, region=caller.region, **given)
        return output(self._apis.vpc_links.put(link))

    @operation("GetVpcLink")
    def get_vpc_link(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One link. Raises NotFoundException."""
        return output(self._apis.vpc_links.get(caller, required(params, "vpcLinkId")))

    @operation("GetVpcLinks")
    def get_vpc_links(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The links of the caller's account and region."""
        return page(self._apis.vpc_links.of(caller), params)

    @operation("UpdateVpcLink")
    def update_vpc_link(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            link = self._apis.vpc_links.get(caller, required(params, "vpcLinkId"))
            return output(self._apis.vpc_links.put(LINK_PATCHES.apply(link, params.get("patchOperations"))))

    @operation("DeleteVpcLink")
    def delete_vpc_link(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a link. Raises NotFoundException."""
        with self._apis.transaction():
            self._apis.vpc_links.delete(self._apis.vpc_links.get(caller, required(params, "vpcLinkId")))
        return {}


class ClientCertificateOperations:
    """GenerateClientCertificate, and get, list, update, delete. Backends are shown none: nothing here speaks TLS."""

    def __init__(self, apis: RestApis, clock: Clock) -> None:
        self._apis = apis
        self._clock = clock

    @operation("GenerateClientCertificate")
    def generate_client_certificate(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Make a certificate that is good for a year."""
        now = self._clock.now()
        identity = new_id()
        certificate = ClientCertificate(
            client_certificate_id=identity,
            account_id=caller.account_id,
            region=caller.region,
            pem_encoded_certificate=self._certificate(),
            created_date=now.timestamp(),
            expiration_date=(now + timedelta(days=DAYS)).timestamp(),
            **fields_of(ClientCertificate, {k: params[k] for k in ("description", "tags") if k in params}),
        )
        return output(self._apis.client_certificates.put(certificate))

    def _certificate(self) -> str:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509.oid import NameOID

        now = self._clock.now()
        key = rsa.generate_private_key(65537, KEY_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ApiGateway")])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=DAYS))
            .sign(key, hashes.SHA256())
        )
        return made.public_bytes(Encoding.PEM).decode()

    @operation("GetClientCertificate")
    def get_client_certificate(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One certificate. Raises NotFoundException."""
        return output(self._apis.client_certificates.get(caller, required(params, "clientCertificateId")))

    @operation("GetClientCertificates")
    def get_client_certificates(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The certificates of the caller's account and region."""
        return page(self._apis.client_certificates.of(caller), params)

    @operation("UpdateClientCertificate")
    def update_client_certificate(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            held = self._apis.client_certificates.get(caller, required(params, "clientCertificateId"))
            changed = CERTIFICATE_PATCHES.apply(held, params.get("patchOperations"))
            return output(self._apis.client_certificates.put(changed))

    @operation("DeleteClientCertificate")
    def delete_client_certificate(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a certificate. Raises NotFoundException."""
        with self._apis.transaction():
            held = self._apis.client_certificates.get(caller, required(params, "clientCertificateId"))
            self._apis.client_certificates.delete(held)
        return {}
