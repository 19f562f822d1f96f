# SPDX-License-Identifier: Apache-2.0
"""Real registries: Debian's docker-registry over plain HTTP, over TLS with an authority of its own, with a password file,
and with tokens of a small real token server whose signatures docker-registry itself checks.
"""
import base64
import warnings
import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from harness import PATIENCE, free_port, run, wait_for

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

REGISTRY = "/usr/bin/docker-registry"


class FarAddress:
    """An address of this machine that is not a loopback one, while it is needed: registries on 127.0.0.0/8 may do without
    TLS, so that where TLS has to be proven one is reached by this address. Each has its own."""

    count = 0

    def __enter__(self):
        FarAddress.count += 1
        self.address = f"10.94.{os.getpid() % 256}.{FarAddress.count}"
        run(["ip", "address", "add", self.address + "/32", "dev", "lo"])
        return self.address

    def __exit__(self, *exc):
        run(["ip", "address", "del", self.address + "/32", "dev", "lo"])


class Authority:
    """Certificates: an authority, a server's and a client's."""

    def __init__(self, top, address):
        self.top = top
        self.path = lambda name: os.path.join(top, name)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                     "-subj", "/CN=test authority", "-keyout", self.path("ca.key"), "-out", self.path("ca.crt"))
        self.issue("server", f"subjectAltName=IP:{address}")
        self.issue("client", "extendedKeyUsage=clientAuth")

    def openssl(self, *args):
        run(["openssl", *args])

    def issue(self, name, extension):
        with open(self.path(name + ".ext"), "w") as f:
            f.write(extension + "\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"))
        self.openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path("ca.crt"), "-CAkey",
                     self.path("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", self.path(name + ".ext"), "-out",
                     self.path(name + ".crt"))


class Registry:
    """docker-registry with a directory of its own. `tls`: an Authority; `clients`: certificates are demanded of clients."""

    def __init__(self, host="127.0.0.1", *, users=None, tls=None, clients=False, token=None, mirror_of=None):
        self.top = tempfile.mkdtemp(prefix="berth-registry-")
        self.host, self.port = host, free_port(host)
        self.name = f"{host}:{self.port}"
        self.scheme = "https" if tls else "http"
        self.proc = None
        config = {"version": 0.1, "log": {"level": "warn"},
                  "storage": {"filesystem": {"rootdirectory": os.path.join(self.top, "data")}, "delete": {"enabled": True}},
                  "http": {"addr": self.name}}
        if tls:
            config["http"]["tls"] = {"certificate": tls.path("server.crt"), "key": tls.path("server.key")}
            if clients:
                config["http"]["tls"]["clientcas"] = [tls.path("ca.crt")]
        if users:
            config["auth"] = {"htpasswd": {"realm": "test", "path": self.htpasswd(users)}}
        if token:
            config["auth"] = {"token": {"realm": token.url, "service": "test-registry", "issuer": "test-issuer",
                                        "rootcertbundle": token.certificate}}
        if mirror_of:
            config["proxy"] = {"remoteurl": mirror_of}
        self.config = os.path.join(self.top, "config.json")
        with open(self.config, "w") as f:
            json.dump(config, f)  # JSON is YAML

    def htpasswd(self, users):
        path = os.path.join(self.top, "htpasswd")
        with open(path, "w") as f:
            for user, password in users.items():
                f.write(user + ":" + crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)) + "\n")
        return path

    def __enter__(self):
        self.log = os.path.join(self.top, "log")
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen([REGISTRY, "serve", self.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.listens, "docker-registry serves")
        return self

    def listens(self):
        if self.proc.poll() is not None:
            raise AssertionError("docker-registry exited: " + open(self.log).read()[-2000:])
        try:
            socket.create_connection((self.host, self.port), 1).close()
            return True
        except OSError:
            return False

    def __exit__(self, *exc):
        self.proc.terminate()
        self.proc.wait(PATIENCE)
        shutil.rmtree(self.top, ignore_errors=True)

    def get(self, path, accept="*/*"):
        """As (headers, body), without authentication."""
        req = urllib.request.Request(f"http://{self.name}{path}", headers={"Accept": accept})
        with urllib.request.urlopen(req, timeout=PATIENCE) as r:
            return r.headers, r.read()

    def manifest(self, repo, ref):
        accept = ("application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, "
                  "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json")
        return json.loads(self.get(f"/v2/{repo}/manifests/{ref}", accept)[1])


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenServer:
    """Docker's token authentication and its OAuth 2 form: tokens signed with ES256, which docker-registry verifies.

    `users`: {name: (password, [repositories it may use])}. An identity token is "refresh-" and the name.
    """

    def __init__(self, users):
        self.users, self.asked = users, []
        self.top = tempfile.mkdtemp(prefix="berth-token-")
        self.key, self.certificate = os.path.join(self.top, "key"), os.path.join(self.top, "crt")
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=token", "-keyout", self.key, "-out", self.certificate])
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                user = None
                if "Authorization" in self.headers:
                    given = base64.b64decode(self.headers["Authorization"].split()[1]).decode()
                    user, password = given.split(":", 1)
                    if outer.users.get(user, (None,))[0] != password:
                        return self.answer(401, {"details": "incorrect username or password"})
                self.grant("GET", user, query)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                query = urllib.parse.parse_qs(body)
                user = query.get("refresh_token", [""])[0].removeprefix("refresh-")
                if query.get("grant_type") == ["password"]:
                    user = query["username"][0]
                    if outer.users.get(user, (None,))[0] != query["password"][0]:
                        user = None
                if user not in outer.users:
                    return self.answer(401, {"details": "incorrect identity token"})
                self.grant("POST", user, query)

            def grant(self, how, user, query):
                scopes = [s for v in query.get("scope", []) for s in v.split(" ")]
                outer.asked.append((how, user, scopes))
                access = []
                for scope in scopes:
                    kind, repo, actions = scope.rsplit(":", 2) if scope.count(":") == 2 else (None, None, None)
                    if user and repo in outer.users[user][1]:
                        access.append({"type": kind, "name": repo, "actions": actions.split(",")})
                token = outer.sign(user or "", access)
                answer = {"token": token, "access_token": token, "expires_in": 300}
                if how == "POST" or query.get("offline_token") == ["true"]:
                    answer["refresh_token"] = f"refresh-{user}"
                self.answer(200, answer)

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/token"

    def sign(self, user, access):
        now = int(time.time())
        pem = "".join(open(self.certificate).read().splitlines()[1:-1])
        head = {"typ": "JWT", "alg": "ES256", "x5c": [pem]}
        claims = {"iss": "test-issuer", "sub": user, "aud": "test-registry", "exp": now + 300, "nbf": now - 10, "iat": now,
                  "jti": hashlib.sha256(os.urandom(8)).hexdigest(), "access": access}
        text = b64url(json.dumps(head).encode()) + "." + b64url(json.dumps(claims).encode())
        der = run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), binary=True).stdout
        return text + "." + b64url(der_to_raw(der))

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.top, ignore_errors=True)


def der_to_raw(der):
    """An ECDSA signature: SEQUENCE of two INTEGERs to the 64 bytes that JWS wants (RFC 7518, 3.4)."""
    numbers, at = [], 2
    for _ in range(2):
        n = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + n], "big").to_bytes(32, "big"))
        at += 2 + n
    return b"".join(numbers)


class Certificates:
    """Docker's certs.d/NAME for one registry, removed afterwards."""

    def __init__(self, name, files, top="/etc/docker/certs.d"):
        self.dir, self.files = os.path.join(top, name), files

    def __enter__(self):
        os.makedirs(self.dir)
        for name, source in self.files.items():
            shutil.copy(source, os.path.join(self.dir, name))
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.dir)
