# SPDX-License-Identifier: Apache-2.0
"""Ansible's community.docker from Debian: changed once, unchanged the second time."""
import json
import os
import shutil

import pytest

from harness import free_port, run

pytestmark = pytest.mark.skipif(not shutil.which("ansible-playbook"), reason="ansible is not installed")

TASKS = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: /usr/bin/python3}
  module_defaults:
    group/community.docker.docker: {docker_host: "unix://SOCK"}
  tasks:
    - {name: network, community.docker.docker_network: {name: NAMEnet, ipam_config: [{subnet: 10.97.77.0/24}], labels: {a: b}}}
    - {name: volume, community.docker.docker_volume: {name: NAMEvol, labels: {a: b}}}
    - {name: image, community.docker.docker_image: {name: "bb:latest", source: local}}
    - {name: tag, community.docker.docker_image: {name: "bb:latest", repository: "NAME:v1", source: local}}
    - name: container
      community.docker.docker_container:
        name: NAME
        image: bb:latest
        command: [sleep, "1000"]
        networks: [{name: NAMEnet, aliases: [other]}]
        networks_cli_compatible: true
        volumes: ["NAMEvol:/data", "/etc/hostname:/x:ro"]
        published_ports: ["127.0.0.1:PORT:80"]
        env: {K: v}
        labels: {who: ansible}
        memory: 64m
        cpu_shares: 512
        restart_policy: on-failure
        restart_retries: 3
        ulimits: ["nofile:100:200"]
        capabilities: [NET_ADMIN]
        log_driver: json-file
        log_options: {max-size: 1m}
        healthcheck: {test: ["CMD", "true"], interval: 1h, retries: 2}
        etc_hosts: {box: 192.0.2.1}
        dns_servers: [192.0.2.53]
        tmpfs: ["/t:size=1m"]
        user: "0:0"
        working_dir: /tmp
        stop_timeout: 1
"""

INFO = """
    - {name: container_info, community.docker.docker_container_info: {name: NAME}}
    - {name: image_info, community.docker.docker_image_info: {name: "NAME:v1"}}
    - {name: network_info, community.docker.docker_network_info: {name: NAMEnet}}
    - {name: volume_info, community.docker.docker_volume_info: {name: NAMEvol}}
    - {name: host_info, community.docker.docker_host_info: {containers: true, images: true, networks: true, volumes: true, disk_usage: true}}
    - {name: exec, community.docker.docker_container_exec: {container: NAME, argv: [sh, -c, "cat; echo $K"], stdin: "in ", stdin_add_newline: false}}
"""

ABSENT = TASKS.split("    - {name: network,")[0] + """
    - {name: container, community.docker.docker_container: {name: NAME, state: absent, force_kill: true}}
    - {name: tag, community.docker.docker_image: {name: "NAME:v1", state: absent}}
    - {name: volume, community.docker.docker_volume: {name: NAMEvol, state: absent}}
    - {name: network, community.docker.docker_network: {name: NAMEnet, state: absent}}
"""


@pytest.fixture
def play(engine, name, tmp_path):
    """Runs a playbook; task name → result."""
    port = str(free_port())

    def play(text):
        path = tmp_path / "play.yml"
        path.write_text(text.replace("SOCK", engine.sock).replace("NAME", name).replace("PORT", port))
        env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
        env.update(LC_ALL="C.UTF-8", ANSIBLE_STDOUT_CALLBACK="json", ANSIBLE_LOCALHOST_WARNING="False", ANSIBLE_HOME=str(tmp_path),
                   ANSIBLE_INVENTORY_UNPARSED_WARNING="False", HOME=str(tmp_path), ANSIBLE_DEVEL_WARNING="False", ANSIBLE_CALLBACKS_ENABLED="")
        p = run(["ansible-playbook", "-i", "localhost,", str(path)], env=env, check=False, timeout=300)
        assert p.stdout.find("{") >= 0, p.stdout + p.stderr
        out = json.loads(p.stdout[p.stdout.index("{"):])
        results = {t["task"]["name"]: t["hosts"]["localhost"] for t in out["plays"][0]["tasks"]}
        failed = {k: v.get("msg") for k, v in results.items() if v.get("failed")}
        assert p.returncode == 0 and not failed, failed
        return results

    yield play
    for path in (f"/containers/{name}?force=1", f"/images/{name}:v1", f"/volumes/{name}vol", f"/networks/{name}net"):
        engine.request("DELETE", path)


def changed(results):
    return {k: v["changed"] for k, v in results.items()}


def test_changed_once_and_unchanged_the_second_time(engine, play, name):
    first = changed(play(TASKS))
    assert first == {"network": True, "volume": True, "image": False, "tag": True, "container": True}
    c = engine.inspect(name)
    second = play(TASKS + INFO)
    assert {k: changed(second)[k] for k in first} == dict.fromkeys(first, False), second["container"].get("diff")
    assert engine.inspect(name)["Id"] == c["Id"]
    assert second["container_info"]["container"]["Id"] == c["Id"]
    assert second["image_info"]["images"][0]["RepoTags"].count(name + ":v1") == 1
    assert second["network_info"]["network"]["IPAM"]["Config"][0]["Subnet"] == "10.97.77.0/24"
    assert second["volume_info"]["volume"]["Labels"] == {"a": "b"}
    host = second["host_info"]
    assert host["host_info"]["OSType"] == "linux" and name in json.dumps(host["containers"]) and host["disk_usage"]["LayersSize"] > 0
    assert second["exec"]["stdout"] == "in v" and second["exec"]["rc"] == 0
    assert changed(play(ABSENT)) == {"container": True, "tag": True, "volume": True, "network": True}
    assert changed(play(ABSENT)) == {"container": False, "tag": False, "volume": False, "network": False}


def test_a_change_of_memory_is_an_update_and_a_change_of_env_another_container(engine, play, name):
    play(TASKS)
    before = engine.inspect(name)["Id"]
    bigger = TASKS.replace("memory: 64m", "memory: 96m")
    assert play(bigger)["container"]["changed"]
    assert engine.inspect(name)["Id"] == before and engine.inspect(name)["HostConfig"]["Memory"] == 96 << 20
    assert play(bigger.replace("{K: v}", "{K: w}"))["container"]["changed"]
    assert engine.inspect(name)["Id"] != before
