"""The errors of the way to moto; those of the services are moto's own."""

from dewstack.errors import AwsError, NotEmulated
from dewstack.extras import install_command


class MotoMissing(NotEmulated):
    """The extra `aws` is not installed, or a library that moto wants for one service."""


class EntityTooLarge(AwsError):
    """A body that is larger than the emulator takes: an upload would lose its end."""

    code = "EntityTooLarge"
    status = 400


class ServiceError(AwsError):
    """An error that moto answered; its subclasses carry the code and the status."""


def service_error(code: str, message: str, status: int) -> AwsError:
    """The error `code` as a service of moto's answered it."""
    error: AwsError = type(code, (ServiceError,), {"code": code, "status": status})(message)
    return error


def missing(service: str, module: str) -> MotoMissing:
    """What to install so that `service` answers."""
    if module == "moto":
        return MotoMissing(
            f"dewstack emulates {service} by moto, which is not installed: {install_command('aws')}"
        )
    extra = service.replace("-", "")
    return MotoMissing(f"moto's {service} needs the module {module}: pip install 'moto[{extra}]'")
