"""The errors a user pool answers, one class per AWS code; all are HTTP 400."""

from dewstack.errors import AwsError


class CognitoError(AwsError):
    """The common ground of a user pool's errors."""

    status = 400


class AliasExistsException(CognitoError):
    code = "AliasExistsException"


class CodeDeliveryFailureException(CognitoError):
    code = "CodeDeliveryFailureException"


class CodeMismatchException(CognitoError):
    code = "CodeMismatchException"

    def __init__(self, message: str = "Invalid verification code provided, please try again.") -> None:
        super().__init__(message)


class DuplicateProviderException(CognitoError):
    code = "DuplicateProviderException"


class ExpiredCodeException(CognitoError):
    code = "ExpiredCodeException"

    def __init__(self, message: str = "Invalid code provided, please request a code again.") -> None:
        super().__init__(message)


class FeatureUnavailableInTierException(CognitoError):
    code = "FeatureUnavailableInTierException"


class GroupExistsException(CognitoError):
    code = "GroupExistsException"


class InvalidLambdaResponseException(CognitoError):
    code = "InvalidLambdaResponseException"

    def __init__(self, message: str = "Unrecognizable lambda output") -> None:
        super().__init__(message)


class InvalidOAuthFlowException(CognitoError):
    code = "InvalidOAuthFlowException"


class InvalidParameterException(CognitoError):
    code = "InvalidParameterException"


class InvalidPasswordException(CognitoError):
    code = "InvalidPasswordException"


class InvalidUserPoolConfigurationException(CognitoError):
    code = "InvalidUserPoolConfigurationException"


class LimitExceededException(CognitoError):
    code = "LimitExceededException"

    def __init__(self, message: str = "Attempt limit exceeded, please try after some time.") -> None:
        super().__init__(message)


class ManagedLoginBrandingExistsException(CognitoError):
    code = "ManagedLoginBrandingExistsException"


class NotAuthorizedException(CognitoError):
    code = "NotAuthorizedException"


class PasswordHistoryPolicyViolationException(CognitoError):
    code = "PasswordHistoryPolicyViolationException"

    def __init__(self, message: str = "Password has previously been used.") -> None:
        super().__init__(message)


class PasswordResetRequiredException(CognitoError):
    code = "PasswordResetRequiredException"

    def __init__(self, message: str = "Password reset required for the user") -> None:
        super().__init__(message)


class RefreshTokenReuseException(CognitoError):
    code = "RefreshTokenReuseException"

    def __init__(
        self, message: str = "Refresh token has been invalidated by refresh token rotation."
    ) -> None:
        super().__init__(message)


class PreconditionNotMetException(CognitoError):
    code = "PreconditionNotMetException"


class ResourceNotFoundException(CognitoError):
    code = "ResourceNotFoundException"


class ScopeDoesNotExistException(CognitoError):
    code = "ScopeDoesNotExistException"


class TermsExistsException(CognitoError):
    code = "TermsExistsException"


class UnauthorizedException(CognitoError):
    code = "UnauthorizedException"


class UnexpectedLambdaException(CognitoError):
    code = "UnexpectedLambdaException"


class UnsupportedOperationException(CognitoError):
    code = "UnsupportedOperationException"


class UnsupportedTokenTypeException(CognitoError):
    code = "UnsupportedTokenTypeException"


class UnsupportedUserStateException(CognitoError):
    code = "UnsupportedUserStateException"


class UserLambdaValidationException(CognitoError):
    code = "UserLambdaValidationException"


class UsernameExistsException(CognitoError):
    code = "UsernameExistsException"


class UserPoolAddOnNotEnabledException(CognitoError):
    code = "UserPoolAddOnNotEnabledException"


class DeviceKeyExistsException(CognitoError):
    code = "DeviceKeyExistsException"


class EnableSoftwareTokenMFAException(CognitoError):
    code = "EnableSoftwareTokenMFAException"


class SoftwareTokenMFANotFoundException(CognitoError):
    code = "SoftwareTokenMFANotFoundException"


class UserNotConfirmedException(CognitoError):
    code = "UserNotConfirmedException"

    def __init__(self, message: str = "User is not confirmed.") -> None:
        super().__init__(message)


class UserNotFoundException(CognitoError):
    code = "UserNotFoundException"

    def __init__(self, message: str = "User does not exist.") -> None:
        super().__init__(message)


class WebAuthnChallengeNotFoundException(CognitoError):
    code = "WebAuthnChallengeNotFoundException"


class WebAuthnClientMismatchException(CognitoError):
    code = "WebAuthnClientMismatchException"


class WebAuthnConfigurationMissingException(CognitoError):
    code = "WebAuthnConfigurationMissingException"


class WebAuthnCredentialNotSupportedException(CognitoError):
    code = "WebAuthnCredentialNotSupportedException"


class WebAuthnNotEnabledException(CognitoError):
    code = "WebAuthnNotEnabledException"


class WebAuthnOriginNotAllowedException(CognitoError):
    code = "WebAuthnOriginNotAllowedException"


class WebAuthnRelyingPartyMismatchException(CognitoError):
    code = "WebAuthnRelyingPartyMismatchException"


INCORRECT = "Incorrect username or password."
"""What a wrong password answers, and an unknown user where their existence is not to be told."""

UNKNOWN_COMBINATION = "Username/client id combination not found."
"""How sign-up and password recovery name an unknown user."""
