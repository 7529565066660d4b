"""How the hosted UI looks: customizations of the classic one, branding of managed login, terms to link to."""

from dewstack.cognito.appearance.branding import Brandings
from dewstack.cognito.appearance.terms import Terms
from dewstack.cognito.appearance.ui_customization import UICustomization, UICustomizations

__all__ = ["Brandings", "Terms", "UICustomization", "UICustomizations"]
