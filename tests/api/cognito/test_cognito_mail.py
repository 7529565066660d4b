"""What is in the mailbox: who a message comes from, and what a text message lacks."""

from typing import Any


def test_emails_come_from_whom_the_pool_names(world: Any):
    settings = {"From": "Shop <hello@shop.example>", "ReplyToEmailAddress": "help@shop.example"}
    world.make_pool(EmailConfiguration=settings)
    world.sign_up("ada", "ada@example.com")
    message = world.mail("ada@example.com")
    assert (message.sender, message.reply_to) == ("Shop <hello@shop.example>", "help@shop.example")
    assert message.subject == "Your verification code"


def test_aws_is_the_sender_where_the_pool_names_nobody(world: Any):
    world.make_pool()
    world.sign_up("ada", "ada@example.com")
    message = world.mail("ada@example.com")
    assert (message.sender, message.reply_to) == ("no-reply@verificationemail.com", "")


def test_a_text_message_has_neither_subject_nor_sender(world: Any):
    world.make_pool(
        AutoVerifiedAttributes=["phone_number"],
        SmsConfiguration={"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"},
        EmailConfiguration={"From": "hello@shop.example"},
        SmsVerificationMessage="Shop: {####}",
    )
    world.sign_up("ada", phone_number="+4915112345678")
    message = world.mail("+4915112345678")
    assert (message.medium, message.subject, message.sender) == ("SMS", "", "")
    assert message.body == f"Shop: {message.code}"


def test_html_goes_as_it_is(world: Any):
    template = {"EmailMessage": "<h1>Hi</h1><p>{####}</p>", "EmailSubject": "Welcome to Shop & Co"}
    world.make_pool(VerificationMessageTemplate=template)
    world.sign_up("ada", "ada@example.com")
    message = world.mail("ada@example.com")
    assert message.subject == "Welcome to Shop & Co"
    assert message.body == f"<h1>Hi</h1><p>{message.code}</p>"
