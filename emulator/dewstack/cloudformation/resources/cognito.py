"""`AWS::Cognito::*`. A user pool is never replaced by an update: AWS refuses what would need it."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.cognito_parts import cognito_parts
from dewstack.cloudformation.resources.crud import Crud
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS, Kind

_SERVICE = "cognito-idp"
_FIXED = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_MFA = ("EmailAuthenticationMessage", "EmailAuthenticationSubject")
_WEB_AUTHN = {
    "WebAuthnFactorConfiguration": "FactorConfiguration",
    "WebAuthnRelyingPartyID": "RelyingPartyId",
    "WebAuthnUserVerification": "UserVerification",
}
_FACTORS = frozenset({"EnabledMfas", *_WEB_AUTHN})
"""Properties that need SetUserPoolMfaConfig; without them CreateUserPool sets up MFA by itself."""

_ATTRIBUTE = {
    "AttributeDataType": str,
    "DeveloperOnlyAttribute": bool,
    "Mutable": bool,
    "Name": str,
    "NumberAttributeConstraints": {"MaxValue": str, "MinValue": str},
    "Required": bool,
    "StringAttributeConstraints": {"MaxLength": str, "MinLength": str},
}
_PASSWORD_POLICY = {
    "MinimumLength": int,
    "PasswordHistorySize": int,
    "RequireLowercase": bool,
    "RequireNumbers": bool,
    "RequireSymbols": bool,
    "RequireUppercase": bool,
    "TemporaryPasswordValidityDays": int,
}


class UserPool(Provider):
    """A user pool and its MFA configuration, which has an operation of its own."""

    properties: Mapping[str, Kind] = {
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": str, "Priority": int}]},
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": bool,
            "InviteMessageTemplate": {"*": str},
            "UnusedAccountValidityDays": int,
        },
        "AliasAttributes": STRINGS,
        "AutoVerifiedAttributes": STRINGS,
        "DeletionProtection": str,
        "DeviceConfiguration": {
            "ChallengeRequiredOnNewDevice": bool,
            "DeviceOnlyRememberedOnUserPrompt": bool,
        },
        "EmailConfiguration": {"*": str},
        "EmailVerificationMessage": str,
        "EmailVerificationSubject": str,
        "IssuerConfiguration": object,
        "KeyConfiguration": object,
        "LambdaConfig": object,
        "MfaConfiguration": str,
        "Policies": {"PasswordPolicy": _PASSWORD_POLICY, "SignInPolicy": object},
        "Schema": [_ATTRIBUTE],
        "SmsAuthenticationMessage": str,
        "SmsConfiguration": {"*": str},
        "SmsVerificationMessage": str,
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": STRINGS},
        "UserPoolAddOns": object,
        "UserPoolName": str,
        "UserPoolTags": STRING_MAP,
        "UserPoolTier": str,
        "UsernameAttributes": STRINGS,
        "UsernameConfiguration": {"CaseSensitive": bool},
        "VerificationMessageTemplate": {"*": str},
        "EnabledMfas": STRINGS,
        **dict.fromkeys((*_MFA, *_WEB_AUTHN), str),
    }

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateUserPool, then SetUserPoolMfaConfig where factors are named."""
        name = properties.get("UserPoolName") or context.generated_name(128)
        settings = self._settings(properties)
        settings["UserPoolTags"] = {**(settings.get("UserPoolTags") or {}), **context.system_tags()}
        output = await context.invoke(_SERVICE, "CreateUserPool", PoolName=name, **settings)
        pool = output["UserPool"]
        provider = f"cognito-idp.{context.stack.region}.amazonaws.com/{pool['Id']}"
        attributes = {
            "Arn": pool.get("Arn") or context.arn("cognito-idp", f"userpool/{pool['Id']}"),
            "ProviderName": provider,
            "ProviderURL": f"https://{provider}",
            "UserPoolId": pool["Id"],
        }
        outcome = Outcome(pool["Id"], attributes)
        context.made.append(outcome)
        await self._set_mfa(context, pool["Id"], properties, {})
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateUserPool with everything (what it is not given goes back to its default); users stay."""
        before = current.properties
        for name in _FIXED:
            if before.get(name) != properties.get(name):
                raise ResourceFailure(f"Updates are not allowed for property - {name}.")
        added = self._added_attributes(before.get("Schema", []), properties.get("Schema", []))
        if added:
            await context.invoke(
                _SERVICE, "AddCustomAttributes", UserPoolId=current.physical_id, CustomAttributes=added
            )
        await context.invoke(
            _SERVICE,
            "UpdateUserPool",
            UserPoolId=current.physical_id,
            PoolName=properties.get("UserPoolName"),
            **self._settings(properties, "Schema", *_FIXED),
        )
        await self._set_mfa(context, current.physical_id, properties, before)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteUserPool, users and all."""
        await context.invoke(_SERVICE, "DeleteUserPool", UserPoolId=current.physical_id)

    @staticmethod
    def _settings(properties: dict[str, Any], *without: str) -> dict[str, Any]:
        left_out = {"UserPoolName", *_MFA, *_FACTORS, *without}
        if _FACTORS & set(properties):
            left_out.add("MfaConfiguration")
        return {key: value for key, value in properties.items() if key not in left_out}

    @staticmethod
    def _added_attributes(before: list[Any], after: list[Any]) -> list[Any]:
        """New custom attributes. Raises ResourceFailure when one was changed or taken away."""
        if any(attribute not in after for attribute in before):
            raise ResourceFailure("Existing schema attributes cannot be modified or deleted.")
        return [attribute for attribute in after if attribute not in before]

    @staticmethod
    async def _set_mfa(
        context: Context, pool_id: str, properties: dict[str, Any], before: dict[str, Any]
    ) -> None:
        if not _FACTORS & {*properties, *before}:
            return
        mode = properties.get("MfaConfiguration", "OFF")
        by_default = ["SMS_MFA"] if mode != "OFF" and not _FACTORS & set(properties) else []
        factors = properties.get("EnabledMfas", by_default)
        message = {"Message": properties.get("EmailAuthenticationMessage")}
        message["Subject"] = properties.get("EmailAuthenticationSubject")
        sms = {"SmsConfiguration": properties.get("SmsConfiguration", {})}
        passkeys = {member: properties[name] for name, member in _WEB_AUTHN.items() if name in properties}
        await context.invoke(
            _SERVICE,
            "SetUserPoolMfaConfig",
            UserPoolId=pool_id,
            MfaConfiguration=mode,
            SoftwareTokenMfaConfiguration={"Enabled": "SOFTWARE_TOKEN_MFA" in factors},
            SmsMfaConfiguration=sms if "SMS_MFA" in factors else None,
            EmailMfaConfiguration={key: text for key, text in message.items() if text}
            if "EMAIL_OTP" in factors
            else None,
            WebAuthnConfiguration=passkeys or None,
        )


class UserPoolClient(Crud):
    """An app client, whose name GetAtt calls `Name`."""

    def _outcome(self, output: Mapping[str, Any], given: Mapping[str, Any]) -> Outcome:
        outcome = super()._outcome(output, given)
        return Outcome(outcome.physical_id, outcome.attributes | {"Name": outcome.attributes["ClientName"]})


USER_POOL_CLIENT = UserPoolClient(
    service=_SERVICE,
    noun="UserPoolClient",
    identifier="ClientId",
    member="UserPoolClient",
    properties={
        "AccessTokenValidity": int,
        "AllowedOAuthFlows": STRINGS,
        "AllowedOAuthFlowsUserPoolClient": bool,
        "AllowedOAuthScopes": STRINGS,
        "AnalyticsConfiguration": object,
        "AuthSessionValidity": int,
        "CallbackURLs": STRINGS,
        "ClientName": str,
        "DefaultRedirectURI": str,
        "EnablePropagateAdditionalUserContextData": bool,
        "EnableTokenRevocation": bool,
        "ExplicitAuthFlows": STRINGS,
        "GenerateSecret": bool,
        "IdTokenValidity": int,
        "LogoutURLs": STRINGS,
        "PreventUserExistenceErrors": str,
        "ReadAttributes": STRINGS,
        "RefreshTokenRotation": {"Feature": str, "RetryGracePeriodSeconds": int},
        "RefreshTokenValidity": int,
        "SupportedIdentityProviders": STRINGS,
        "TokenValidityUnits": {"*": str},
        "UserPoolId": str,
        "WriteAttributes": STRINGS,
    },
    required=("UserPoolId",),
    replacement=frozenset({"GenerateSecret", "UserPoolId"}),
    parents=("UserPoolId",),
    only_on_create=frozenset({"GenerateSecret"}),
    attributes=("ClientId", "ClientSecret", "ClientName"),
    generated="ClientName",
)

USER_POOL_GROUP = Crud(
    service=_SERVICE,
    noun="Group",
    identifier="GroupName",
    member="Group",
    properties={
        "Description": str,
        "GroupName": str,
        "Precedence": int,
        "RoleArn": str,
        "UserPoolId": str,
    },
    required=("UserPoolId",),
    replacement=frozenset({"GroupName", "UserPoolId"}),
    parents=("UserPoolId",),
    generated="GroupName",
    name_property="GroupName",
)

RESOURCE_SERVER = Crud(
    service=_SERVICE,
    noun="ResourceServer",
    identifier="Identifier",
    member="ResourceServer",
    properties={
        "Identifier": str,
        "Name": str,
        "Scopes": [{"ScopeDescription": str, "ScopeName": str}],
        "UserPoolId": str,
    },
    required=("Identifier", "Name", "UserPoolId"),
    replacement=frozenset({"Identifier", "UserPoolId"}),
    parents=("UserPoolId",),
    name_property="Identifier",
)


def cognito_types() -> dict[str, Provider]:
    """The types of Cognito user pools."""
    return {
        "AWS::Cognito::UserPool": UserPool(),
        "AWS::Cognito::UserPoolClient": USER_POOL_CLIENT,
        "AWS::Cognito::UserPoolGroup": USER_POOL_GROUP,
        "AWS::Cognito::UserPoolResourceServer": RESOURCE_SERVER,
        **cognito_parts(),
    }
