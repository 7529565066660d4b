"""From a Flask application to a service: its URL map read, a map and a handler written, what differs found.

The application is imported by its own Python (`read_application`), its source is read, not run (`find`).
"""

from dewstack.convert.checks import find
from dewstack.convert.model import LEVELS, Application, Finding
from dewstack.convert.reading import project_python, read_application
from dewstack.convert.routes import unlike_flask
from dewstack.convert.writing import Conversion, Form, convert

__all__ = [
    "LEVELS",
    "Application",
    "Conversion",
    "Finding",
    "Form",
    "convert",
    "find",
    "project_python",
    "read_application",
    "unlike_flask",
]
