"""The looks of the hosted UI: CSS and logo, branding of managed login, terms."""

import pytest

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
CSS = """
/* ours */
.submitButton-customizable { background-color: #337ab7; }
.submitButton-customizable:hover, .label-customizable { color: #fff; }
"""


@pytest.fixture
def pool(world):
    world.make_pool()
    world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="login")
    return world.pool


def customize(world, **params):
    return world.api.set_ui_customization(UserPoolId=world.pool, **params)["UICustomization"]


def customized(world, **params):
    return world.api.get_ui_customization(UserPoolId=world.pool, **params)["UICustomization"]


def test_a_customization_is_the_clients_or_the_pools(world, pool):
    assert customized(world) == {} == customized(world, ClientId=world.client)
    for_all = customize(world, CSS=CSS)
    assert for_all["ClientId"] == "ALL" and for_all["CSS"] == CSS and for_all["CSSVersion"].isdigit()
    assert customized(world, ClientId=world.client) == for_all
    own = customize(world, ClientId=world.client, ImageFile=PNG)
    assert own["ImageUrl"].startswith("data:image/png;base64,")
    assert customized(world, ClientId=world.client) == own and customized(world) == for_all
    directory = world.cognito._directory
    found = world.cognito._parts.customizations.of(directory.pool_anywhere(pool), world.client)
    assert found.image == PNG and found.css is None
    customize(world, ClientId=world.client)
    assert customized(world, ClientId=world.client) == for_all


def test_a_customization_goes_with_its_client(world, pool):
    customize(world, ClientId=world.client, CSS=CSS)
    world.api.delete_user_pool_client(UserPoolId=pool, ClientId=world.client)
    assert (
        world.store.read("SELECT key FROM items WHERE collection='cognito-idp.ui-customizations'", ()) == []
    )


@pytest.mark.parametrize(
    ("css", "message"),
    [
        (".mine { color: red; }", "The CSS class .mine is not in the list of allowed classes."),
        (".label-customizable { color: red; } body { }", "The CSS class body is not in the list"),
        (
            ".label-customizable { background: url(http://x); }",
            "The CSS contains content that is not allowed.",
        ),
        ("</style><script>", "The CSS contains content that is not allowed."),
        ("@import 'x';", "The CSS contains content that is not allowed."),
        (".label-customizable { color: red", "The CSS could not be parsed."),
    ],
)
def test_css_is_for_the_classes_of_the_page(world, pool, css, message):
    code, text = world.refused("set_ui_customization", UserPoolId=pool, CSS=css)
    assert code == "InvalidParameterException" and text.startswith(message)


def test_a_logo_is_a_picture(world, pool):
    code, _ = world.refused("set_ui_customization", UserPoolId=pool, ImageFile=b"<svg/>")
    assert code == "InvalidParameterException"


def test_a_pool_without_a_domain_has_no_pages(world):
    world.make_pool()
    assert world.refused("set_ui_customization", UserPoolId=world.pool, CSS=CSS) == (
        "InvalidParameterException",
        "A domain must be associated with this user pool.",
    )


def test_branding_is_made_described_changed_and_deleted(world, pool):
    asset = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": PNG}
    named = {"UserPoolId": pool, "ClientId": world.client}
    made = world.api.create_managed_login_branding(
        **named, Settings={"components": {"form": {"borderRadius": 8}}}, Assets=[asset]
    )["ManagedLoginBranding"]
    assert made["Assets"] == [asset] and made["UseCognitoProvidedValues"] is False
    by_client = world.api.describe_managed_login_branding_by_client(**named)["ManagedLoginBranding"]
    identified = {"UserPoolId": pool, "ManagedLoginBrandingId": made["ManagedLoginBrandingId"]}
    assert by_client == made
    assert world.api.describe_managed_login_branding(**identified)["ManagedLoginBranding"] == made
    code, _ = world.refused("create_managed_login_branding", **named)
    assert code == "ManagedLoginBrandingExistsException"
    changed = world.api.update_managed_login_branding(**identified, UseCognitoProvidedValues=True)
    assert changed["ManagedLoginBranding"]["UseCognitoProvidedValues"] is True
    assert "Settings" not in changed["ManagedLoginBranding"]
    assert changed["ManagedLoginBranding"]["Assets"] == [asset]
    world.api.delete_managed_login_branding(**identified)
    assert world.refused("describe_managed_login_branding", **identified)[0] == "ResourceNotFoundException"
    by_client = world.refused("describe_managed_login_branding_by_client", **named)
    assert by_client[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "settings",
    [
        {"UseCognitoProvidedValues": True, "Settings": {"a": 1}},
        {"Assets": [{"Category": "FORM_LOGO", "ColorMode": "DARK", "Extension": "ICO", "Bytes": PNG}]},
        {"Assets": [{"Category": "FORM_LOGO", "ColorMode": "DARK", "Extension": "PNG"}]},
    ],
)
def test_branding_that_contradicts_itself_is_refused(world, pool, settings):
    code, _ = world.refused(
        "create_managed_login_branding", UserPoolId=pool, ClientId=world.client, **settings
    )
    assert code == "InvalidParameterException"


LINKS = {"cognito:default": "https://example.com/terms", "cognito:french": "https://example.com/fr"}


def create_terms(world, name="terms-of-use"):
    return world.api.create_terms(
        UserPoolId=world.pool,
        ClientId=world.client,
        TermsName=name,
        TermsSource="LINK",
        Enforcement="NONE",
        Links=LINKS,
    )["Terms"]


def test_terms_are_made_described_changed_and_deleted(world, pool):
    made = create_terms(world)
    assert made["Links"] == LINKS
    identified = {"UserPoolId": pool, "TermsId": made["TermsId"]}
    assert world.api.describe_terms(**identified)["Terms"] == made
    by_client = {"UserPoolId": pool, "ClientId": world.client, "TermsName": "terms-of-use"}
    assert world.api.describe_terms_by_client(**by_client)["Terms"] == made
    other = create_terms(world, "privacy-policy")
    listed = world.api.list_terms(UserPoolId=pool, MaxResults=1)
    rest = world.api.list_terms(UserPoolId=pool, MaxResults=1, NextToken=listed["NextToken"])["Terms"]
    assert {entry["TermsId"] for entry in [*listed["Terms"], *rest]} == {made["TermsId"], other["TermsId"]}
    taken = world.refused("update_terms", **identified, TermsName="privacy-policy")
    assert taken[0] == "TermsExistsException"
    changed = world.api.update_terms(**identified, Links={"cognito:default": "https://example.com/new"})
    assert changed["Terms"]["Links"] == {"cognito:default": "https://example.com/new"}
    world.api.delete_terms(**identified)
    assert world.refused("describe_terms", **identified)[0] == "ResourceNotFoundException"
    assert world.refused("describe_terms_by_client", **by_client)[0] == "ResourceNotFoundException"


def test_terms_have_a_default_language(world, pool):
    code, _ = world.refused(
        "create_terms",
        UserPoolId=pool,
        ClientId=world.client,
        TermsName="terms-of-use",
        TermsSource="LINK",
        Enforcement="NONE",
        Links={"cognito:french": "https://example.com/fr"},
    )
    assert code == "InvalidParameterException"
    create_terms(world)
    again = {"TermsName": "terms-of-use", "TermsSource": "LINK", "Enforcement": "NONE", "Links": LINKS}
    code, _ = world.refused("create_terms", UserPoolId=pool, ClientId=world.client, **again)
    assert code == "TermsExistsException"
