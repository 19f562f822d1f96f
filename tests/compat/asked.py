# SPDX-License-Identifier: Apache-2.0
"""What a command line client asks a daemon for: command lines, and a listener on a socket that writes down each request and answers just enough.

golden/asked.json holds what docker 28 asked; recorded anew by `asked.py CLIENT`, where CLIENT is a docker 28.
"""
import http.server
import json
import os
import shlex
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "golden", "asked.json")
ID = "ab" * 32
DIGEST = "sha256:" + "cd" * 32

# One flag or one form a line: `create IMAGE` stands for the whole request of a container.
LINES = """
create bb
create bb true
create bb sh -c 'echo "$0"' a b
create --name web bb
create -t bb
create -i bb
create -it bb
create -a stdout bb
create -a stdin -a stderr bb
create -e A=b -e C= bb
create -e A=b -e A=c bb
create -e A=1 -e B=2 -e A=3 bb
create -e A bb
create -e HOME_OF_CALLER bb
create --env-file ENVFILE -e FROM_FILE=2 bb
create --env-file ENVFILE bb
create --env-file ENVFILE -e LATER=1 bb
create -l a=b -l c bb
create --label-file LABELFILE -l a=z bb
create -u 1000:1000 bb
create -w /tmp bb
create -h box bb
create --domainname example.org bb
create --entrypoint /bin/x bb a b
create --entrypoint '' bb a
create --stop-signal SIGQUIT bb
create --stop-timeout 7 bb
create --no-healthcheck bb
create --health-cmd 'wget -q x' --health-interval 5s --health-timeout 2s --health-retries 4 --health-start-period 1m --health-start-interval 500ms bb
create -p 8080:80 bb
create -p 80 bb
create -p 127.0.0.1:8080:80 bb
create -p 127.0.0.1::80 bb
create -p 8000-8002:80-82 bb
create -p 8000-8005:80 bb
create -p 53:53/udp bb
create -p 36:36/sctp bb
create -p [::1]:8080:80 bb
create -p 8080:80 -p 8081:80 bb
create -P bb
create --expose 90 --expose 91/udp --expose 100-102 bb
create -v /a:/b bb
create -v /a:/b:ro bb
create -v /a:/b:ro,z,rslave bb
create -v named:/data bb
create -v named:/data:nocopy bb
create -v /anonymous bb
create --mount type=bind,src=/a,dst=/b bb
create --mount type=bind,src=/a,dst=/b,ro,bind-propagation=rshared bb
create --mount type=bind,src=/a,dst=/b,bind-recursive=disabled bb
create --mount type=bind,src=/a,dst=/b,readonly,bind-recursive=writable bb
create --mount type=bind,src=/a,dst=/b,readonly,bind-propagation=rprivate,bind-recursive=readonly bb
create --mount type=volume,src=v,dst=/v,volume-nocopy bb
create --mount type=volume,src=v,dst=/v,volume-label=a=b,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs bb
create --mount type=volume,src=v,dst=/v,volume-subpath=in/side bb
create --mount type=tmpfs,dst=/t,tmpfs-size=64m,tmpfs-mode=0700 bb
create --mount dst=/v bb
create --mount type=image,src=other:1,dst=/i bb
create --mount type=image,src=other:1,dst=/i,image-subpath=in bb
create --tmpfs /t --tmpfs /u:size=1m,exec bb
create --volumes-from other --volumes-from third:ro bb
create --volume-driver local bb
create --read-only bb
create --rm bb
create --restart always bb
create --restart on-failure:3 bb
create --restart unless-stopped bb
create --init bb
create --privileged bb
create --cap-add all --cap-add net_admin --cap-add SYS_TIME --cap-drop NET_ADMIN bb
create --cap-add nosuch --cap-drop CAP_CHOWN --cap-drop chown bb
create --cap-add b --cap-add a --cap-add B bb
create --cap-add NET_ADMIN --cap-add cap_sys_time --cap-drop ALL bb
create --security-opt no-new-privileges bb
create --security-opt apparmor=unconfined --security-opt label=disable bb
create --security-opt seccomp=unconfined bb
create --security-opt systempaths=unconfined bb
create --security-opt seccomp=PROFILE bb
create --group-add 7 --group-add audio bb
create --userns host bb
create --pid host --uts host --ipc host --cgroupns host bb
create --pid container:other --ipc container:other bb
create --ipc shareable bb
create --cgroupns private bb
create --cgroup-parent /a/b bb
create --device /dev/null bb
create --device /dev/null:/dev/x:rw bb
create --device /dev/null:r bb
create --device vendor.com/class=name bb
create --device-cgroup-rule 'c 1:3 rwm' bb
create --gpus all bb
create --gpus 2 bb
create --gpus device=0 bb
create --gpus 'capabilities=utility,driver=nvidia' bb
create -m 64m bb
create -m 64m --memory-swap -1 bb
create -m 64m --memory-swap 128m --memory-reservation 32m --memory-swappiness 10 bb
create --memory-swappiness 0 bb
create --kernel-memory 64m bb
create --oom-kill-disable bb
create --oom-score-adj 500 bb
create --pids-limit 100 bb
create --pids-limit -1 bb
create --cpus 1.5 bb
create --cpus .25 bb
create -c 512 bb
create --cpu-period 50000 --cpu-quota 25000 bb
create --cpu-rt-period 1000 --cpu-rt-runtime 500 bb
create --cpuset-cpus 0-1 --cpuset-mems 0 bb
create --blkio-weight 300 bb
create --blkio-weight-device /dev/a:200 bb
create --device-read-bps /dev/a:1mb --device-write-bps /dev/b:2mb --device-read-iops /dev/c:100 --device-write-iops /dev/d:200 bb
create --shm-size 128m bb
create --ulimit nofile=10:20 --ulimit core=0 bb
create --sysctl net.core.somaxconn=100 bb
create --log-driver none bb
create --log-driver json-file --log-opt max-size=1m --log-opt max-file=3 bb
create --log-opt tag=x bb
create --storage-opt size=1G bb
create --isolation default bb
create --runtime runc bb
create --annotation a=b --annotation c=d bb
create --cidfile CIDFILE bb
create --platform linux/amd64 bb
create --pull never bb
create --network none bb
create --network host bb
create --network own bb
create --network container:other bb
create --network own --network second bb
create --network name=own,alias=a,alias=b,ip=10.1.2.3,mac-address=02:00:00:00:00:01 bb
create --network name=own,driver-opt=com.docker.network.endpoint.ifname=eth7,gw-priority=5 bb
create --network own --network-alias a --network-alias b bb
create --network own --ip 10.1.2.3 --ip6 fd00::3 --link-local-ip 169.254.3.4 bb
create --network own --link other:alias bb
create --link other --link third:t bb
create --mac-address 02:00:00:00:00:02 bb
create --dns 9.9.9.9 --dns-search example.org --dns-option ndots:2 bb
create --dns-search . bb
create --add-host a:1.2.3.4 --add-host b=5.6.7.8 bb
create --add-host v6:::1 --add-host w6=[::2] bb
create --add-host h:host-gateway bb
create --add-host h=host-gateway --add-host b:[::3] bb
create --use-api-socket=false bb
update -m 128m web
update --cpus 2 --cpu-shares 100 web
update --restart no web
update --restart on-failure:2 --pids-limit 5 web
update --memory-swap -1 --memory-reservation 16m web
update --cpuset-cpus 0 --cpuset-mems 0 --cpu-period 1000 --cpu-quota 500 web
update --blkio-weight 200 --kernel-memory 1m web
start web
start web other
stop web
stop -t 3 web
stop -s SIGINT web
restart web
restart -t 0 -s HUP web
kill web
kill -s USR1 web other
pause web
unpause web
rename web other
rm web
rm -f web
rm -fv web
rm -l web/alias
wait web
exec -d web ls -l
exec -d -e A=b -w /tmp -u 7 web ls
exec -d --privileged web ls
exec -d -t -i web ls
exec -d --env-file ENVFILE web ls
exec -d --detach-keys ctrl-x web ls
commit web
commit -a me -m why -p=false -c 'CMD ["x"]' web repo:tag
tag bb other:1
rmi bb
rmi -f bb other:1
rmi --no-prune bb
image prune -f
image prune -af --filter until=10h
container prune -f
container prune -f --filter label=a
volume prune -f
volume prune -af
network prune -f --filter label!=x
system prune -f
system prune -af --filter until=10h
system prune -af --volumes --filter label=x
system prune -af --volumes --filter until=10h
volume create
volume create v
volume create -d local -o type=tmpfs -o device=tmpfs --label a=b v
volume rm v w
volume rm -f v
network create n
network create -d bridge --subnet 10.9.0.0/16 --gateway 10.9.0.1 --ip-range 10.9.1.0/24 --aux-address a=10.9.0.7 n
network create --subnet 10.9.0.0/16 --subnet fd00:9::/64 --ipv6 n
network create --ipv4=false --ipv6 n
network create --internal --attachable --label a=b -o com.docker.network.bridge.name=br9 n
network create --ipam-driver default --ipam-opt a=b n
network create --scope local n
network create --config-only n
network create --config-from base n
network rm n
network connect n web
network connect --ip 10.9.0.5 --ip6 fd00:9::5 --alias a --link other:o --link-local-ip 169.254.1.1 --driver-opt a=b --gw-priority 3 n web
network disconnect n web
network disconnect -f n web
ps
ps -a
ps -n 3
ps -s
ps --filter status=running --filter name=x --filter name=y
images
images -a --digests
images bb
images --filter dangling=true
images --filter reference='a*'
volume ls --filter dangling=true --filter label=a
network ls --filter driver=bridge
logs web
logs --tail 5 --since 2020-01-02T03:04:05Z --until 2021-01-02T03:04:05Z -t --details web
logs -n 7 web
top web
top web -o pid,comm
diff web
port web
history bb
events --since 1 --until 2 --filter type=container --filter event=die
system df
info
search x --limit 3 --filter is-official=true
""".strip().splitlines()

# Files that lines name, and what is in them.
FILES = {
    "ENVFILE": "# not this\nFROM_FILE=1\n  SPACED=two words\nHOME_OF_CALLER\n\nLAST=\n",
    "LABELFILE": "a=file\nb=2\n#c=3\nd\n",
    "PROFILE": '{"defaultAction": "SCMP_ACT_ALLOW",\n "syscalls": []}\n',
}

ANSWERS = [  # method, how the path ends or begins, status, what is answered
    ("POST", "/containers/create", 201, {"Id": ID, "Warnings": []}),
    ("POST", "/exec", 201, {"Id": ID}),
    ("POST", "/volumes/create", 201, {"Name": "v", "Driver": "local", "Mountpoint": "/m", "Scope": "local"}),
    ("POST", "/networks/create", 201, {"Id": ID, "Warning": ""}),
    ("POST", "/commit", 201, {"Id": DIGEST}),
    ("POST", "/update", 200, {"Warnings": []}),
    ("POST", "/wait", 200, {"StatusCode": 0}),
    ("POST", "/containers/prune", 200, {"ContainersDeleted": [], "SpaceReclaimed": 0}),
    ("POST", "/images/prune", 200, {"ImagesDeleted": [], "SpaceReclaimed": 0}),
    ("POST", "/volumes/prune", 200, {"VolumesDeleted": [], "SpaceReclaimed": 0}),
    ("POST", "/networks/prune", 200, {"NetworksDeleted": []}),
    ("DELETE", "/images/", 200, []),
    ("GET", "/volumes", 200, {"Volumes": [], "Warnings": []}),
    ("GET", "/top", 200, {"Titles": ["PID"], "Processes": []}),
    ("GET", "/system/df", 200, {"LayersSize": 0, "Images": [], "Containers": [], "Volumes": [], "BuildCache": []}),
    ("GET", "/info", 200, {"ID": "x", "OSType": "linux", "SystemStatus": None}),
    ("GET", "/version", 200, {"ApiVersion": "1.51", "Version": "28.2.2"}),
    ("GET", "/logs", 200, b""),
    ("GET", "/events", 200, b""),
    ("GET", "/json", 200, {"Id": ID, "Name": "/web", "State": {"Running": True, "Status": "running"}, "Config": {"Tty": False},
                           "HostConfig": {"NetworkMode": "default", "LogConfig": {"Type": "json-file"}}, "NetworkSettings": {"Ports": {}}}),
]
LISTS = ("/containers/json", "/images/json", "/networks", "/history", "/changes", "/images/search")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def respond(self, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Api-Version", "1.51"), ("Ostype", "linux"), ("Docker-Experimental", "false"), ("Content-Length", str(len(data)))):
            self.send_header(name, value)
        if data:
            self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if "Transfer-Encoding" not in self.headers else self.chunks()
        url = urllib.parse.urlsplit(self.path)
        path = url.path.partition("/v1.")[2].partition("/")
        path = urllib.parse.unquote("/" + path[2] if path[1] else url.path)
        if path == "/_ping":
            return self.respond(200, b"OK")
        self.server.seen.append({"method": self.command, "path": path, "query": query(url.query), "body": steady(bare(json.loads(body))) if body else None})
        if self.command == "GET" and path.endswith(LISTS):
            return self.respond(200, [])
        for method, part, status, answer in ANSWERS:
            if method == self.command and (path.endswith(part) or path.startswith(part)):
                return self.respond(status, answer)
        return self.respond(204 if self.command in ("POST", "DELETE") else 200, b"")

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = any


# Zeroes that mean something else than nothing at all, and what docker's client says where nothing was asked for.
TELLING = {"MemorySwappiness", "StopTimeout", "MaskedPaths", "ReadonlyPaths", "Entrypoint"}
DEFAULTS = {"CheckDuplicate": True, "MemorySwappiness": -1, "NetworkMode": "default", "RestartPolicy": {"Name": "no"}}


def bare(value):
    """A body without the zeroes and defaults that one client writes out and another leaves out."""
    if isinstance(value, dict):
        members = {name: bare(v) for name, v in value.items()}
        return {n: v for n, v in members.items() if DEFAULTS.get(n) != v and ((n in TELLING and v is not None) or v not in (None, "", 0, False, [], {}))}
    if isinstance(value, list):
        return [bare(v) for v in value] if any(v != 0 for v in value) else []
    return value


def query(text):
    """The parameters, with the JSON of filters as values, and without those that say what holds anyway."""
    found = {}
    for name, values in urllib.parse.parse_qs(text, keep_blank_values=True).items():
        value = [v.removesuffix(".000000000") for v in values]
        if value != [""]:
            found[name] = json.loads(value[0]) if name == "filters" else value if len(value) > 1 else value[0]
    return found


class Listener(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        sock, _ = super().get_request()
        return sock, ("local", 0)

    def handle_error(self, request, client_address):
        """A client that had enough left before it was answered."""


class Recorder:
    """A daemon that only listens. Use as a context manager; ask(CLIENT, LINE) gives the requests of one command."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="berth-requests-")
        self.sock = os.path.join(self.top, "sock")
        self.server = Listener(self.sock, Handler)
        self.server.seen = []
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        for name, text in FILES.items():
            with open(os.path.join(self.top, name), "w") as f:
                f.write(text)
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        shutil.rmtree(self.top)

    def ask(self, client, line):
        self.server.seen = []
        argv = [os.path.join(self.top, w) if w in FILES or w == "CIDFILE" else w.replace("=PROFILE", "=" + os.path.join(self.top, "PROFILE")) for w in shlex.split(line)]
        cid = os.path.join(self.top, "CIDFILE")
        if os.path.exists(cid):
            os.unlink(cid)
        env = {"PATH": os.environ["PATH"], "HOME": self.top, "DOCKER_CONFIG": os.path.join(self.top, "config"), "HOME_OF_CALLER": "here"}
        p = subprocess.run([client, "-H", "unix://" + self.sock, *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, timeout=60)
        seen = json.loads(json.dumps(sort(self.server.seen)).replace(self.top, "TOP").replace("/containers/" + ID, "/containers/web"))
        return {"requests": seen, "exit": p.returncode, "said": (p.stdout + p.stderr).replace(self.top, "TOP")}


def steady(body):
    """Docker's client writes these lists in no order."""
    for members, name in ((body, "Env"), (body.get("HostConfig", {}), "Ulimits"), (body.get("IPAM", {}), "Config")):
        if name in members:
            members[name].sort(key=lambda v: json.dumps(v, sort_keys=True))
    return body


def sort(requests):
    """What changes something (of several containers at once, in no order); of what only looks, the last: clients look at different things before."""
    changing = [r for r in requests if r["method"] not in ("GET", "HEAD")]
    looking = [r for r in requests if not r["path"].endswith(("/info", "/version")) and not r["path"].startswith("/containers/web/json")]
    return sorted(changing, key=lambda r: r["path"]) or looking[-1:] or requests[-1:]


def main():
    client = sys.argv[1]
    with Recorder() as recorder:
        golden = {line: recorder.ask(client, line) for line in LINES}
    with open(GOLDEN, "w") as f:
        f.write("{\n" + ",\n".join(f"{json.dumps(line)}: {json.dumps(golden[line]['requests'], sort_keys=True)}" for line in golden) + "\n}\n")
    print(f"{len(golden)} lines by {subprocess.run([client, '--version'], capture_output=True, text=True).stdout.strip()}")


if __name__ == "__main__":
    main()
