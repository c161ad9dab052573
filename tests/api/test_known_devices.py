"""A device from which somebody has logged in is told from strangers, and nobody can claim to be one."""

from uuid import UUID

from api.known_devices import KnownDevices
from api.throttle import Account

DEVICES = KnownDevices("s" * 32)


COMPANY = UUID(int=1)


def known(cookies: str, email: str, company: UUID = COMPANY) -> str:
    return DEVICES.device(cookies, Account(email, company))


def sent_back(email: str, device: str = "") -> str:
    return "=".join(DEVICES.cookie(Account(email, COMPANY), device))


def test_a_device_is_known_to_its_account_alone():
    cookie = sent_back("ana@x.example")
    assert known(cookie, "ana@x.example")
    assert known(cookie, "bia@x.example") == ""
    assert known(cookie, "ana@x.example", UUID(int=2)) == ""


def test_two_people_share_a_device():
    cookies = "; ".join(sent_back(account) for account in ("ana@x.example", "bia@x.example"))
    assert known(cookies, "ana@x.example") != known(cookies, "bia@x.example") != ""


def test_a_device_stays_the_same_after_another_login():
    first = sent_back("ana@x.example")
    device = known(first, "ana@x.example")
    assert sent_back("ana@x.example", device) == first


def test_what_the_secret_did_not_sign_proves_nothing():
    good = sent_back("ana@x.example")
    name, _, value = good.partition("=")
    other = sent_back("bia@x.example").partition("=")[2]
    forged = (f"{name}={other}", f"{name}=x.y", f"{name}=ü", f"{name}={value[:-1]}", f"{name}=", "x=[;", good * 1_000)
    for cookies in forged:
        assert known(cookies, "ana@x.example") == "", cookies
        assert DEVICES.any_device(cookies) == "", cookies
    assert KnownDevices("t" * 32).device(good, Account("ana@x.example", COMPANY)) == ""


def test_a_cookie_says_nothing_about_the_account():
    assert "ana" not in sent_back("ana@x.example")
