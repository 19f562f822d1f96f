# SPDX-License-Identifier: Apache-2.0
"""Debian's docker-compose (1.29) with a project of five services."""
import os
import shutil

import pytest

from harness import run, wait_for

pytestmark = pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")

PROJECT = """
version: "2.4"
services:
  db:
    image: bb
    command: sh -c "sleep 0.5; touch /data/ready; exec sleep 1000"
    volumes: ["data:/data"]
    networks: [back]
    healthcheck: {test: ["CMD", "test", "-e", "/data/ready"], interval: 0.2s, retries: 50}
  web:
    image: bb
    command: sh -c "echo web says hello; exec httpd -f -p 80 -h /www"
    depends_on: {db: {condition: service_healthy}}
    networks: {front: {aliases: [shop]}, back: {}}
    ports: ["127.0.0.1::80"]
    environment: {WHO: compose}
    volumes: ["./www:/www:ro"]
  worker:
    image: bb
    command: sleep 1000
    networks: [back]
    links: ["db:database"]
  once:
    image: bb
    command: sh -c "ping -c1 -W5 shop"
    networks: [front]
    depends_on: [web]
  crash:
    image: bb
    command: sh -c "exit 3"
    restart: on-failure:2
    networks: [front]
networks:
  front: {}
  back: {internal: true}
volumes:
  data: {}
"""


@pytest.fixture
def project(engine, tmp_path):
    """Runs docker-compose on a project of its own, and takes it down."""
    name = "p" + os.path.basename(tmp_path).replace("_", "")[-12:].lower()
    (tmp_path / "docker-compose.yml").write_text(PROJECT)
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "index.html").write_text("bought\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
    env.update(DOCKER_HOST="unix://" + engine.sock, DOCKER_CONFIG=str(tmp_path), COMPOSE_PROJECT_NAME=name, LC_ALL="C.UTF-8")

    def compose(*args, check=True):
        return run(["docker-compose", "--project-directory", str(tmp_path), "-f", str(tmp_path / "docker-compose.yml"), "--no-ansi", *args],
                   env=env, check=check, timeout=180)

    compose.name = name
    yield compose
    compose("down", "-v", "-t", "0", check=False)


def ids(engine, project, service):
    q = '{"label":["com.docker.compose.project=%s","com.docker.compose.service=%s"]}' % (project.name, service)
    return [c["Id"] for c in engine.get("/containers/json?all=1&filters=" + q).json]


def test_a_project_of_five_services(engine, project):
    project("up", "-d", "-t", "0")
    db, web = ids(engine, project, "db")[0], ids(engine, project, "web")[0]
    # web waited for db's health
    assert engine.inspect(db)["State"]["Health"]["Status"] == "healthy"
    assert engine.inspect(web)["State"]["StartedAt"] > engine.inspect(db)["State"]["StartedAt"]
    # names: an alias from another network's container, a link, an internal network that has no way out
    once = ids(engine, project, "once")[0]
    wait_for(lambda: engine.inspect(once)["State"]["Status"] == "exited", "the ping ends")
    assert engine.inspect(once)["State"]["ExitCode"] == 0, project("logs", "once").stdout
    worker = ids(engine, project, "worker")[0]
    assert engine.docker("exec", worker, "ping", "-c1", "-W5", "database").returncode == 0
    # restart policy
    crash = ids(engine, project, "crash")[0]
    wait_for(lambda: engine.inspect(crash)["RestartCount"] == 2 and engine.inspect(crash)["State"]["Status"] == "exited", "two restarts")
    assert engine.inspect(crash)["State"]["ExitCode"] == 3
    # ports, logs, exec
    port = project("port", "web", "80").stdout.strip()
    bought = wait_for(lambda: run(["curl", "-s", f"http://{port}/"], check=False).stdout, "the web server serves")
    assert bought == "bought\n"
    assert "web says hello" in project("logs", "web").stdout
    assert project("exec", "-T", "web", "sh", "-c", "echo $WHO").stdout == "compose\n"
    assert project("exec", "-T", "web", "sh", "-c", "exit 7", check=False).returncode == 7
    assert "Up" in project("ps").stdout and "Exit 0" in project("ps").stdout


def test_up_again_changes_nothing_and_scale_follows(engine, project):
    project("up", "-d", "-t", "0", "db", "worker")
    before = ids(engine, project, "db") + ids(engine, project, "worker")
    p = project("up", "-d", "-t", "0", "db", "worker")
    assert "is up-to-date" in p.stdout + p.stderr
    assert ids(engine, project, "db") + ids(engine, project, "worker") == before
    project("up", "-d", "-t", "0", "--scale", "worker=3", "worker")
    assert len(ids(engine, project, "worker")) == 3
    found = engine.docker("exec", ids(engine, project, "db")[0], "nslookup", "worker", "127.0.0.11").stdout
    assert found.count("Address") >= 4, found
    project("up", "-d", "-t", "0", "--scale", "worker=1", "worker")
    assert len(ids(engine, project, "worker")) == 1
    project("restart", "-t", "0", "worker")
    assert engine.inspect(ids(engine, project, "worker")[0])["State"]["Running"]
    project("pause", "worker")
    assert engine.inspect(ids(engine, project, "worker")[0])["State"]["Paused"]
    project("unpause", "worker")
    project("kill", "worker")
    project("rm", "-f", "worker")
    assert ids(engine, project, "worker") == []


def test_down_leaves_nothing_but_a_volume_that_may_stay(engine, project):
    project("up", "-d", "-t", "0", "db")
    project("down", "-t", "0")
    assert ids(engine, project, "db") == []
    assert [n for n in engine.get("/networks").json if n["Name"].startswith(project.name)] == []
    volumes = [v["Name"] for v in engine.get("/volumes").json["Volumes"]]
    assert project.name + "_data" in volumes
    project("down", "-v", "-t", "0")
    volumes = [v["Name"] for v in engine.get("/volumes").json["Volumes"] or []]
    assert project.name + "_data" not in volumes


def test_run_in_a_project_returns_the_programs_exit_code(engine, project):
    p = project("run", "--rm", "-T", "--no-deps", "-e", "X=1", "worker", "sh", "-c", "echo $X; exit 9", check=False)
    assert (p.returncode, p.stdout) == (9, "1\n"), p.stderr
