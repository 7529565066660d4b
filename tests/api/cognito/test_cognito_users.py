"""Users in an administrator's hands, their groups, and how they are listed."""

import pytest

NOT_FOUND = ("UserNotFoundException", "User does not exist.")


@pytest.fixture
def people(world):
    world.make_pool()
    return world


def listed(**attributes):
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def create(world, name, **params):
    return world.api.admin_create_user(UserPoolId=world.pool, Username=name, **params)["User"]


def page(world, **params):
    answer = world.api.list_users(UserPoolId=world.pool, **params)
    return [user["Username"] for user in answer["Users"]], answer.get("PaginationToken")


# making users


def test_a_made_user_gets_an_invitation(people):
    user = create(people, "ada", UserAttributes=listed(email="ada@example.com"))
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD" and user["Enabled"]
    assert user["UserCreateDate"] == user["UserLastModifiedDate"]
    message = people.mail("ada@example.com")
    assert message.subject == "Your temporary password"
    assert message.body == f"Your username is ada and temporary password is {message.code}."
    assert people.sign_in("ada", message.code)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_an_invitation_can_be_suppressed_or_worded(world):
    world.make_pool(
        AdminCreateUserConfig={
            "InviteMessageTemplate": {"EmailSubject": "Hi", "EmailMessage": "{username}: {####}"}
        }
    )
    create(world, "eve", UserAttributes=listed(email="eve@example.com"), MessageAction="SUPPRESS")
    assert world.cognito.mailbox.messages() == []
    create(world, "ada", UserAttributes=listed(email="ada@example.com"), TemporaryPassword="Temporary-1")
    assert (world.mail().subject, world.mail().body) == ("Hi", "ada: Temporary-1")


def test_an_invitation_goes_where_it_is_asked_to(people):
    attributes = listed(email="ada@example.com", phone_number="+15551239934")
    create(people, "ada", UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL", "SMS"])
    assert sorted(m.medium for m in people.cognito.mailbox.messages()) == ["EMAIL", "SMS"]


def test_an_invitation_is_sent_again_with_a_new_password(people):
    create(people, "ada", UserAttributes=listed(email="ada@example.com"))
    first = people.mail().code
    people.clock.advance(8 * 86400)
    create(people, "ada", MessageAction="RESEND")
    assert people.mail().code != first
    assert people.sign_in("ada", people.mail().code)["ChallengeName"]
    people.confirmed("eve", "eve@example.com")
    params = {"UserPoolId": people.pool, "Username": "eve", "MessageAction": "RESEND"}
    assert people.refused("admin_create_user", **params) == (
        "UnsupportedUserStateException",
        "Resend not possible. eve status is not FORCE_CHANGE_PASSWORD",
    )
    assert people.refused("admin_create_user", **{**params, "Username": "nobody"}) == NOT_FOUND


def test_a_made_user_is_made_once(people):
    create(people, "ada")
    assert people.refused("admin_create_user", UserPoolId=people.pool, Username="ada") == (
        "UsernameExistsException",
        "User account already exists",
    )


def test_administrators_keep_to_the_password_policy(people):
    params = {"UserPoolId": people.pool, "Username": "ada"}
    assert people.refused("admin_create_user", **params, TemporaryPassword="weakling") == (
        "InvalidPasswordException",
        "Password did not conform with password policy: Password must have uppercase characters",
    )
    create(people, "ada")
    assert people.refused("admin_set_user_password", **params, Password="Short1!") == (
        "InvalidPasswordException",
        "Password did not conform with password policy: Password not long enough",
    )


def test_a_taken_alias_is_refused_or_taken_over(world):
    world.make_pool(AliasAttributes=["email"])
    attributes = listed(email="ada@example.com", email_verified="true")
    create(world, "ada", UserAttributes=attributes)
    params = {"UserPoolId": world.pool, "Username": "eve", "UserAttributes": attributes}
    assert world.refused("admin_create_user", **params) == (
        "AliasExistsException",
        "An account with the email already exists.",
    )
    world.api.admin_create_user(**params, ForceAliasCreation=True)
    found = world.api.admin_get_user(UserPoolId=world.pool, Username="ada@example.com")
    assert found["Username"] == "eve"


def test_a_password_is_set_for_good_or_for_once(people):
    create(people, "ada")
    params = {"UserPoolId": people.pool, "Username": "ada"}
    people.api.admin_set_user_password(**params, Password="Forever-1!", Permanent=True)
    assert people.status("ada") == "CONFIRMED"
    assert people.tokens("ada", "Forever-1!")["AccessToken"]
    people.api.admin_set_user_password(**params, Password="For-Once-1", Permanent=False)
    assert people.sign_in("ada", "For-Once-1")["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_an_administrator_confirms_once(people):
    people.sign_up("ada")
    params = {"UserPoolId": people.pool, "Username": "ada"}
    people.api.admin_confirm_sign_up(**params)
    assert people.refused("admin_confirm_sign_up", **params) == (
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
    )


def test_an_administrator_changes_attributes(people):
    create(people, "ada")
    params = {"UserPoolId": people.pool, "Username": "ada"}
    people.api.admin_update_user_attributes(
        **params, UserAttributes=listed(email="ada@example.com", email_verified="true", name="Ada")
    )
    assert people.cognito.mailbox.messages() == []
    assert people.attributes("ada")["email_verified"] == "true"
    people.api.admin_update_user_attributes(**params, UserAttributes=listed(email="new@example.org"))
    assert people.attributes("ada")["email_verified"] == "false"
    assert people.mail("new@example.org").code
    people.api.admin_delete_user_attributes(**params, UserAttributeNames=["name"])
    assert "name" not in people.attributes("ada")


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("admin_get_user", {}),
        ("admin_delete_user", {}),
        ("admin_confirm_sign_up", {}),
        ("admin_disable_user", {}),
        ("admin_enable_user", {}),
        ("admin_reset_user_password", {}),
        ("admin_user_global_sign_out", {}),
        ("admin_set_user_password", {"Password": "Forever-1!"}),
        ("admin_update_user_attributes", {"UserAttributes": listed(name="x")}),
        ("admin_list_groups_for_user", {}),
    ],
)
def test_who_does_not_exist_is_not_found(people, operation, more):
    params = {"UserPoolId": people.pool, "Username": "nobody", **more}
    assert people.refused(operation, **params) == NOT_FOUND


def test_a_user_is_found_by_sub(people):
    sub = people.confirmed("ada")
    assert people.api.admin_get_user(UserPoolId=people.pool, Username=sub)["Username"] == "ada"


def test_a_pool_belongs_to_its_region(people):
    with pytest.raises(people.api.exceptions.ResourceNotFoundException):
        people.door.client("eu-west-1").list_users(UserPoolId=people.pool)


# groups


def test_a_group_lives_and_ends(people):
    pool = {"UserPoolId": people.pool}
    group = people.api.create_group(**pool, GroupName="crew", Description="All", Precedence=0)["Group"]
    assert (group["GroupName"], group["Precedence"]) == ("crew", 0)
    assert people.refused("create_group", **pool, GroupName="crew") == (
        "GroupExistsException",
        "A group with the name already exists.",
    )
    updated = people.api.update_group(**pool, GroupName="crew", Description="Some")["Group"]
    assert (updated["Description"], updated["Precedence"]) == ("Some", 0)
    people.confirmed("ada")
    member = {**pool, "GroupName": "crew", "Username": "ada"}
    people.api.admin_add_user_to_group(**member)
    people.api.admin_add_user_to_group(**member)
    users = people.api.list_users_in_group(**pool, GroupName="crew")["Users"]
    assert [user["Username"] for user in users] == ["ada"]
    groups = people.api.admin_list_groups_for_user(**pool, Username="ada")["Groups"]
    assert [g["GroupName"] for g in groups] == ["crew"]
    people.api.admin_remove_user_from_group(**member)
    assert people.api.list_users_in_group(**pool, GroupName="crew")["Users"] == []
    people.api.admin_add_user_to_group(**member)
    people.api.delete_group(**pool, GroupName="crew")
    assert people.api.admin_list_groups_for_user(**pool, Username="ada")["Groups"] == []
    assert people.refused("get_group", **pool, GroupName="crew") == (
        "ResourceNotFoundException",
        "Group not found.",
    )
    assert people.api.list_groups(**pool)["Groups"] == []


def test_members_come_in_pages(people):
    people.api.create_group(UserPoolId=people.pool, GroupName="crew")
    for name in ("ada", "bob", "eve"):
        create(people, name)
        people.api.admin_add_user_to_group(UserPoolId=people.pool, GroupName="crew", Username=name)
    params = {"UserPoolId": people.pool, "GroupName": "crew", "Limit": 2}
    first = people.api.list_users_in_group(**params)
    second = people.api.list_users_in_group(**params, NextToken=first["NextToken"])
    names = [user["Username"] for answer in (first, second) for user in answer["Users"]]
    assert names == ["ada", "bob", "eve"] and "NextToken" not in second


# lists


def test_users_come_in_pages(people):
    for number in range(5):
        create(people, f"user{number}")
    names, token = page(people, Limit=2)
    more, token = page(people, Limit=2, PaginationToken=token)
    last, end = page(people, Limit=2, PaginationToken=token)
    assert names + more + last == [f"user{n}" for n in range(5)] and end is None
    assert people.refused("list_users", UserPoolId=people.pool, PaginationToken="!")[0] == (
        "InvalidParameterException"
    )


def test_pages_are_the_same_with_a_filter(people):
    for number in range(5):
        create(people, f"user{number}", UserAttributes=listed(family_name="Lovelace"))
    create(people, "zoe", UserAttributes=listed(family_name="Hopper"))
    names, token = page(people, Limit=3, Filter='family_name = "Lovelace"')
    more, end = page(people, Limit=3, Filter='family_name = "Lovelace"', PaginationToken=token)
    assert names + more == [f"user{n}" for n in range(5)] and end is None


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ('email = "ada@example.com"', ["ada"]),
        ('email="ada@example.com"', ["ada"]),
        ('"email" = "ada@example.com"', ["ada"]),
        ('email ^= "ad"', ["ada", "adele"]),
        ('username = "ada"', ["ada"]),
        ('username ^= "ad"', ["ada", "adele"]),
        ('cognito:user_status = "CONFIRMED"', ["adele"]),
        ('status = "Disabled"', ["bob"]),
        ('name = "A \\"quoted\\" name"', ["bob"]),
        ('email = "nobody@example.com"', []),
        ("", ["ada", "adele", "bob"]),
    ],
)
def test_users_are_found_by_an_attribute(people, condition, names):
    create(people, "ada", UserAttributes=listed(email="ada@example.com"))
    people.confirmed("adele", "adele@example.com")
    create(people, "bob", UserAttributes=listed(name='A "quoted" name'))
    people.api.admin_disable_user(UserPoolId=people.pool, Username="bob")
    assert page(people, Filter=condition)[0] == names


def test_a_sub_is_found(people):
    sub = people.confirmed("ada")
    assert page(people, Filter=f'sub = "{sub}"')[0] == ["ada"]


@pytest.mark.parametrize("condition", ["username=", "email", 'email > "a"', 'email = "a" and name = "b"'])
def test_what_is_no_filter_is_refused(people, condition):
    assert people.refused("list_users", UserPoolId=people.pool, Filter=condition) == (
        "InvalidParameterException",
        "Error while parsing filter",
    )


def test_only_wanted_attributes_are_listed(people):
    create(people, "ada", UserAttributes=listed(email="ada@example.com", name="Ada"))
    users = people.api.list_users(UserPoolId=people.pool, AttributesToGet=["email"])["Users"]
    assert users[0]["Attributes"] == listed(email="ada@example.com")
    params = {"UserPoolId": people.pool, "AttributesToGet": ["custom:nope"]}
    assert people.refused("list_users", **params) == (
        "InvalidParameterException",
        "One or more requested attributes do not exist.",
    )
