from __future__ import annotations

import re
import subprocess
import sys

import pytest

import settings
from tests.kit.command_lines import refusal
from tests.kit.compose import DISTRIBUTED, DOCKER, FILES, ONCE, ROOT, environment, image_settings, ours, project, services, variables

DOCUMENTED = {
    f"ATENDE{name}" if name.startswith("_") else name for name in re.findall(r"\bATENDE_[A-Z_]+|(?<=, )_[A-Z]+", settings.__doc__ or "")
}
every_file = pytest.mark.parametrize("file", FILES)


@every_file
def test_a_file_is_valid_for_compose(file: str) -> None:
    asked = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", DOCKER / file]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_yaml_file_passes_its_linter() -> None:
    done = subprocess.run([sys.executable, "-m", "yamllint", "--strict", "docker"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@every_file
def test_every_command_is_one_of_the_command_line(file: str) -> None:
    for name, service in ours(file).items():
        assert refusal(service["command"]) == "", name


def test_an_unknown_command_is_detected() -> None:
    assert "frobnicate" in refusal(["frobnicate"])
    assert "--fast" in refusal(["serve", "--fast"])
    assert refusal(["import", "queue-log"])


@every_file
def test_every_setting_is_one_that_is_documented(file: str) -> None:
    image = image_settings("servers" if file == DISTRIBUTED else "atende")
    assert set(image) <= DOCUMENTED
    for name, service in ours(file).items():
        assert set(environment(service)) <= DOCUMENTED, name
        read = settings.read({**image, **environment(service)})
        assert (read.mode == "distributed") == (file == DISTRIBUTED)
        assert read.host == "0.0.0.0"


@every_file
def test_no_password_has_a_default_and_the_example_file_names_each(file: str) -> None:
    example = (DOCKER / ".env.example").read_text()
    for name, (kind, message) in variables(file).items():
        if kind == "?":
            assert message, name
            assert re.search(rf"^{name}=$", example, re.MULTILINE), name
        else:
            assert not re.search("PASSWORD|SECRET|KEY", name)
    for service in services(file).values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", name):
                assert re.fullmatch(r"given-\w+|/run/secrets/\w+", value), name


@every_file
def test_every_service_has_a_health_check_restarts_and_has_limits(file: str) -> None:
    for name, service in services(file).items():
        assert name in ONCE or service["deploy"]["resources"]["limits"]["memory"], name
        assert service["logging"]["options"]["max-size"], name
        if name in ONCE:
            assert service["healthcheck"] == {"disable": True}, name
            assert service["restart"] in ("no", "on-failure:3"), name
        else:
            assert service["healthcheck"]["test"][0] == "CMD", name
            assert service["restart"] == "unless-stopped", name


@every_file
def test_every_image_has_a_version(file: str) -> None:
    for service in services(file).values():
        assert re.search(r":(?!latest)[\w.-]+$", service["image"]), service["image"]


@every_file
def test_our_processes_have_no_privileges_and_write_only_to_their_volumes(file: str) -> None:
    for name, service in ours(file).items():
        assert (service["read_only"], service["cap_drop"], service["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"]), name


@every_file
def test_every_mounted_file_and_volume_exists(file: str) -> None:
    loaded = project(file)
    named = set()
    for service in loaded["services"].values():
        for source in (volume.split(":")[0] for volume in service.get("volumes", [])):
            if source.startswith("."):
                assert (DOCKER / source).exists(), source
            else:
                named.add(source)
        assert set(service.get("secrets", [])) <= set(loaded["secrets"])
        assert set(service.get("depends_on", [])) <= set(loaded["services"])
        assert set(service.get("networks", [])) <= set(loaded.get("networks", []))
    assert named == set(loaded["volumes"])


@every_file
def test_every_secret_in_a_process_environment_is_mounted(file: str) -> None:
    for name, service in services(file).items():
        used = re.findall(r"/run/secrets/(\w+)", str(service.get("environment")))
        assert sorted(used) == sorted(service.get("secrets", [])), name


def test_the_embedded_mode_is_one_process_with_one_volume_open_only_to_this_machine() -> None:
    (service,) = services("compose.embedded.yml").values()
    assert (service["command"], service["volumes"], service["ports"]) == (["serve"], ["data:/data"], ["127.0.0.1:8080:8080"])
