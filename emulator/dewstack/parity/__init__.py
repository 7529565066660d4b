"""Parity: the same requests to the same map on several targets, and how their answers differ, field by field."""

from .comparing import ABSENT, Difference, compare
from .default_set import default_set, origin_of
from .known import KNOWN, Known, explain, read_known
from .places import Place, read_place
from .probes import Probe, read_probes
from .rules import RULES, Normaliser, Rule
from .sending import Answer, fields_of
from .survey import survey

__all__ = [
    "ABSENT",
    "KNOWN",
    "RULES",
    "Answer",
    "Difference",
    "Known",
    "Normaliser",
    "Place",
    "Probe",
    "Rule",
    "compare",
    "default_set",
    "explain",
    "fields_of",
    "origin_of",
    "read_known",
    "read_place",
    "read_probes",
    "survey",
]
