"""A user pool's attributes: the standard ones (OpenID Connect's), custom ones, and what a value may be.

Messages are AWS's: `Attributes did not conform to the schema: ...` when a user is made, `user.NAME: ...` when
one is changed; a line per fault.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

from dewstack.cognito.errors import InvalidParameterException, NotAuthorizedException

DataType = Literal["String", "Number", "DateTime", "Boolean"]

EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+\.[^\s@.<>()\[\],;:\\\"]+")
PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}")
MOST_CUSTOM = 50
VERIFIED_FLAGS = frozenset({"email_verified", "phone_number_verified"})


class SchemaAttribute(Struct, frozen=True, kw_only=True):
    """One attribute of the schema. `least` and `most` bound a string's length or a number's value."""

    name: str
    data_type: DataType = "String"
    mutable: bool = True
    required: bool = False
    developer_only: bool = False
    least: str | None = None
    most: str | None = None

    def describe(self) -> dict[str, Any]:
        """AWS's SchemaAttributeType."""
        shape: dict[str, Any] = {
            "Name": self.name,
            "AttributeDataType": self.data_type,
            "DeveloperOnlyAttribute": self.developer_only,
            "Mutable": self.mutable,
            "Required": self.required,
        }
        if self.data_type in BOUNDS:
            member, least, most = BOUNDS[self.data_type]
            bounds = {least: self.least, most: self.most}
            shape[member] = {key: value for key, value in bounds.items() if value is not None}
        return shape

    def fault(self, value: str) -> str | None:
        """What is wrong with `value`, or None."""
        return FAULTS[self.data_type](self, value)


BOUNDS = {
    "String": ("StringAttributeConstraints", "MinLength", "MaxLength"),
    "Number": ("NumberAttributeConstraints", "MinValue", "MaxValue"),
}


def _string_fault(attribute: SchemaAttribute, value: str) -> str | None:
    if len(value) < int(attribute.least or 0):
        return f"String must be at least {attribute.least} characters long"
    if len(value) > int(attribute.most or 2048):
        return f"String must be no longer than {attribute.most or 2048} characters"
    return None


def _number_fault(attribute: SchemaAttribute, value: str) -> str | None:
    if not re.fullmatch(r"-?[0-9]{1,32}", value):
        return "Attribute value must be a number"
    if attribute.least is not None and int(value) < int(attribute.least):
        return f"Number must be no less than {attribute.least}"
    if attribute.most is not None and int(value) > int(attribute.most):
        return f"Number must be no greater than {attribute.most}"
    return None


def _boolean_fault(attribute: SchemaAttribute, value: str) -> str | None:
    return None if value in ("true", "false") else "Attribute value must be a boolean"


def _datetime_fault(attribute: SchemaAttribute, value: str) -> str | None:
    return None if value else "Attribute value must be a date"


FAULTS = {
    "String": _string_fault,
    "Number": _number_fault,
    "Boolean": _boolean_fault,
    "DateTime": _datetime_fault,
}


def _standard(name: str) -> SchemaAttribute:
    return SchemaAttribute(name=name, least="0", most="2048")


STANDARD: dict[str, SchemaAttribute] = {
    "sub": SchemaAttribute(name="sub", mutable=False, required=True, least="1", most="2048"),
    **{
        name: _standard(name)
        for name in (
            *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
            *("profile", "picture", "website", "email"),
        )
    },
    "email_verified": SchemaAttribute(name="email_verified", data_type="Boolean"),
    "gender": _standard("gender"),
    "birthdate": SchemaAttribute(name="birthdate", least="10", most="10"),
    "zoneinfo": _standard("zoneinfo"),
    "locale": _standard("locale"),
    "phone_number": _standard("phone_number"),
    "phone_number_verified": SchemaAttribute(name="phone_number_verified", data_type="Boolean"),
    "address": _standard("address"),
    "updated_at": SchemaAttribute(name="updated_at", data_type="Number", least="0"),
}


IDENTITIES = SchemaAttribute(name="identities")
"""What links users to identity providers: described and readable as an attribute, but set by nobody."""


def declare(shape: dict[str, Any], *, custom: bool = False) -> SchemaAttribute:
    """Read a SchemaAttributeType: a standard attribute, narrowed, or a custom one, which gets its prefix.

    With `custom`, every name is a custom attribute's. Raises InvalidParameterException for a required one, which
    Cognito does not have.
    """
    name = shape.get("Name")
    if not name:
        raise InvalidParameterException("An attribute of the schema has no name.")
    base = None if custom or name in VERIFIED_FLAGS else STANDARD.get(name)
    developer_only = bool(shape.get("DeveloperOnlyAttribute", False))
    if base is None:
        if shape.get("Required"):
            raise InvalidParameterException("Required custom attributes are not supported currently.")
        base = SchemaAttribute(name=("dev:" if developer_only else "") + f"custom:{name}")
    data_type: DataType = shape.get("AttributeDataType") or base.data_type
    if base is STANDARD.get(name) and (data_type != base.data_type or developer_only):
        raise InvalidParameterException(
            "You can not change AttributeDataType or set developerOnlyAttribute "
            f"for standard schema attribute {name}"
        )
    least, most = _bounds(shape, data_type, base.name)
    return SchemaAttribute(
        name=base.name,
        data_type=data_type,
        mutable=bool(shape.get("Mutable", base.mutable)),
        required=bool(shape.get("Required", base.required)),
        developer_only=developer_only,
        least=base.least if least is None else least,
        most=base.most if most is None else most,
    )


def _bounds(shape: dict[str, Any], data_type: DataType, name: str) -> tuple[str | None, str | None]:
    """The least and the most that a declaration allows; None where it doesn't say."""
    member, least, most = BOUNDS.get(data_type, ("", "", ""))
    bounds = shape.get(member) or {}
    low, high = bounds.get(least), bounds.get(most)
    if not all(bound is None or re.fullmatch(r"-?[0-9]{1,18}", str(bound)) for bound in (low, high)):
        raise InvalidParameterException(
            f"Invalid constraints of attribute {name}: bounds must be whole numbers."
        )
    if low is not None and high is not None and int(low) > int(high):
        what = ("length shorter", "length") if data_type == "String" else ("value smaller", "value")
        raise InvalidParameterException(
            f"Attribute {name} cannot have a max {what[0]} than it's min {what[1]}"
        )
    return low, high


def schema_of(shapes: list[dict[str, Any]]) -> list[SchemaAttribute]:
    """A new pool's schema: the standard attributes, as narrowed by `shapes`, then the custom ones."""
    schema = dict(STANDARD)
    declared: set[str] = set()
    for shape in shapes:
        attribute = declare(shape)
        if attribute.name in declared:
            kind = "" if attribute.name in STANDARD else "custom "
            raise InvalidParameterException(
                f"Duplicate {kind}attribute names {attribute.name} are not allowed in a user pool schema."
            )
        declared.add(attribute.name)
        schema[attribute.name] = attribute
    check_count(schema.values())
    return list(schema.values())


def check_count(schema: Iterable[SchemaAttribute]) -> None:
    """Refuse more custom attributes than a pool can have. Raises InvalidParameterException."""
    if sum(attribute.name not in STANDARD for attribute in schema) > MOST_CUSTOM:
        raise InvalidParameterException(f"A user pool can have at most {MOST_CUSTOM} custom attributes.")


def attribute_map(attributes: list[dict[str, Any]]) -> dict[str, str]:
    """`[{"Name": ..., "Value": ...}]` as a dict; a name given twice keeps its last value."""
    return {attribute["Name"]: attribute.get("Value") or "" for attribute in attributes}


def validation_data(params: dict[str, Any]) -> dict[str, str] | None:
    """ValidationData of a request, as triggers are told it; None where there is none."""
    data = params.get("ValidationData")
    return None if data is None else attribute_map(data)


def check_formats(attributes: dict[str, str]) -> None:
    """Refuse what is no e-mail address or no E.164 phone number. Raises InvalidParameterException."""
    if attributes.get("email") and not EMAIL.fullmatch(attributes["email"]):
        raise InvalidParameterException("Invalid email address format.")
    if attributes.get("phone_number") and not PHONE_NUMBER.fullmatch(attributes["phone_number"]):
        raise InvalidParameterException("Invalid phone number format.")


def check_new(schema: list[SchemaAttribute], attributes: dict[str, str], *, need_required: bool) -> None:
    """Check the attributes a user is made with. Raises InvalidParameterException."""
    known = {attribute.name: attribute for attribute in schema}
    faults = []
    for name, value in attributes.items():
        attribute = known.get(name)
        if attribute is None or name == "sub":
            faults.append(f"{name}: Attribute does not exist in the schema.\n")
        elif fault := attribute.fault(value):
            faults.append(f"{name}: {fault}\n")
    if need_required:
        faults += [
            f"{attribute.name}: The attribute is required\n"
            for attribute in schema
            if attribute.required and attribute.name != "sub" and not attributes.get(attribute.name)
        ]
    if faults:
        raise InvalidParameterException("Attributes did not conform to the schema: " + "".join(faults))
    check_formats(attributes)


def check_update(schema: list[SchemaAttribute], attributes: dict[str, str]) -> None:
    """Check changed attributes of a user who exists; an empty value deletes. Raises InvalidParameterException."""
    check_changeable(schema, list(attributes))
    known = {attribute.name: attribute for attribute in schema}
    faults = [(name, known[name].fault(value)) for name, value in attributes.items() if value]
    if any(fault for _, fault in faults):
        raise InvalidParameterException("".join(f"user.{name}: {fault}\n" for name, fault in faults if fault))
    check_formats(attributes)


def check_changeable(schema: list[SchemaAttribute], names: list[str]) -> None:
    """Refuse to change or delete what is unknown or immutable. Raises InvalidParameterException."""
    known = {attribute.name: attribute for attribute in schema}
    faults = ""
    for name in names:
        if name not in known:
            faults += f"user.{name}: Attribute does not exist in the schema.\n"
        elif not known[name].mutable:
            faults += f"user.{name}: Attribute cannot be updated.\n"
    if faults:
        raise InvalidParameterException(faults)


def check_writable(writable: list[str] | None, schema: list[SchemaAttribute], names: list[str]) -> None:
    """Refuse what an app client may not write: the verified flags never, else what its list leaves out.

    Raises NotAuthorizedException. Names that the schema doesn't know are left to the schema's own check.
    """
    known = {attribute.name: attribute for attribute in schema}
    for name in names:
        attribute = known.get(name)
        listed = writable is None or name in writable
        if name in VERIFIED_FLAGS or (attribute and (attribute.developer_only or not listed)):
            raise NotAuthorizedException("A client attempted to write unauthorized attribute")


def readable(readable_names: list[str] | None, attributes: dict[str, str]) -> dict[str, str]:
    """The attributes an app client may read: all but developer-only ones unless it has a list."""
    return {
        name: value
        for name, value in attributes.items()
        if not name.startswith("dev:") and (readable_names is None or name in readable_names)
    }
