"""A device from which somebody has logged in is told from strangers, and nobody can claim to be one."""

from api.known_devices import KnownDevices

DEVICES = KnownDevices("s" * 32)


def sent_back(set_cookie: str) -> str:
    return set_cookie.partition(";")[0]


def test_a_device_is_known_to_its_account_alone():
    cookie = sent_back(DEVICES.cookie("ana@x.example", "", secure=True))
    assert DEVICES.device(cookie, "ana@x.example")
    assert DEVICES.device(cookie, "bia@x.example") == ""


def test_two_people_share_a_device():
    cookies = "; ".join(sent_back(DEVICES.cookie(account, "", secure=False)) for account in ("ana@x.example", "bia@x.example"))
    assert DEVICES.device(cookies, "ana@x.example") != DEVICES.device(cookies, "bia@x.example") != ""


def test_a_device_stays_the_same_after_another_login():
    first = sent_back(DEVICES.cookie("ana@x.example", "", secure=True))
    device = DEVICES.device(first, "ana@x.example")
    assert sent_back(DEVICES.cookie("ana@x.example", device, secure=True)) == first


def test_what_the_secret_did_not_sign_proves_nothing():
    good = sent_back(DEVICES.cookie("ana@x.example", "", secure=True))
    name, _, value = good.partition("=")
    other = sent_back(DEVICES.cookie("bia@x.example", "", secure=True)).partition("=")[2]
    forged = (f"{name}={other}", f"{name}=x.y", f"{name}=ü", f"{name}={value[:-1]}", f"{name}=", "x=[;", good * 1_000)
    for cookies in forged:
        assert DEVICES.device(cookies, "ana@x.example") == "", cookies
        assert DEVICES.any_device(cookies) == "", cookies
    assert KnownDevices("t" * 32).device(good, "ana@x.example") == ""


def test_a_cookie_says_nothing_about_the_account_and_scripts_cannot_read_it():
    cookie = DEVICES.cookie("ana@x.example", "", secure=True)
    assert "ana" not in cookie
    assert "HttpOnly; SameSite=Strict; Secure" in cookie
    assert "Secure" not in DEVICES.cookie("ana@x.example", "", secure=False)
