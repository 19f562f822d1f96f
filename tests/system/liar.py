# SPDX-License-Identifier: Apache-2.0
"""A registry that lies as it is told: a small server with one image, whose answers a test replaces one by one."""
import gzip
import hashlib
import http.server
import io
import json
import random
import re
import socket
import tarfile
import threading

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(seed, size=50000, packed=True):
    """A layer with one file of random bytes: (archive as sent, archive unpacked)."""
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w") as tar:
        info = tarfile.TarInfo(f"file-{seed}")
        info.size = size
        tar.addfile(info, io.BytesIO(random.Random(seed).randbytes(size)))
    plain = buf.getvalue()
    return (gzip.compress(plain, 1, mtime=0) if packed else plain), plain


class Image:
    """The bytes of an image: its blobs by digest, its configuration and its manifest."""

    def __init__(self, seeds=(1, 2), size=50000, platform=None, **config):
        self.layers = [layer(s, size) for s in seeds]
        self.config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]},
                       "rootfs": {"type": "layers", "diff_ids": [digest(p) for _, p in self.layers]}, **(platform or {}), **config}
        self.build()

    def build(self):
        self.config_text = json.dumps(self.config).encode()
        self.manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                         "config": {"mediaType": CONFIG, "size": len(self.config_text), "digest": digest(self.config_text)},
                         "layers": [{"mediaType": LAYER, "size": len(d), "digest": digest(d)} for d, _ in self.layers]}
        self.blobs = {digest(self.config_text): self.config_text, **{digest(d): d for d, _ in self.layers}}

    @property
    def text(self):
        return json.dumps(self.manifest).encode()


class Answer:
    """What to answer. `cut`: bytes of the body after which the connection breaks; `pause`: an event to wait for there."""

    def __init__(self, status=200, body=b"", headers=None, length=None, cut=None, pause=None, pause_at=0):
        self.status, self.body, self.headers, self.length = status, body, headers or {}, length
        self.cut, self.pause, self.pause_at = cut, pause, pause_at


class Liar:
    """`replace(pattern, fn)`: requests whose "METHOD path" matches are answered with fn(handler, default answer)."""

    def __init__(self, image=None, host="127.0.0.1", ranges=True, tls=None):
        self.image, self.ranges, self.rules, self.seen = image or Image(), ranges, [], []
        self.tags = {}
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do(self):
                with outer.lock:
                    outer.seen.append((self.command, self.path, dict(self.headers)))
                answer = outer.answer(self)
                for pattern, fn in outer.rules:
                    if re.search(pattern, f"{self.command} {self.path}"):
                        answer = fn(self, answer) or answer
                        break
                try:
                    self.send(answer)
                except OSError:
                    self.close_connection = True

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do

            def send(self, a):
                self.send_response(a.status)
                for k, v in a.headers.items():
                    self.send_header(k, v)
                self.send_header("Content-Length", str(len(a.body) if a.length is None else a.length))
                self.end_headers()
                if self.command == "HEAD":
                    return
                end = len(a.body) if a.cut is None else a.cut
                if a.pause:
                    self.wfile.write(a.body[:a.pause_at])
                    self.wfile.flush()
                    a.pause.wait(120)
                    self.wfile.write(a.body[a.pause_at:end])
                else:
                    self.wfile.write(a.body[:end])
                self.wfile.flush()
                if a.cut is not None or (a.length is not None and a.length != len(a.body)):
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        if tls:
            import ssl
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.path("server.crt"), tls.path("server.key"))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.name = f"{host}:{self.server.server_address[1]}"
        self.url = ("https://" if tls else "http://") + self.name

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    def replace(self, pattern, fn):
        self.rules.insert(0, (pattern, fn))

    def requests(self, pattern):
        with self.lock:
            return [s for s in self.seen if re.search(pattern, f"{s[0]} {s[1]}")]

    def answer(self, handler):
        path = handler.path.split("?")[0]
        if path in ("/v2/", "/v2"):
            return Answer(200, b"{}")
        m = re.fullmatch(r"/v2/(.+)/manifests/(.+)", path)
        if m:
            text, kind = self.tags.get(m.group(2), (self.image.text, self.image.manifest.get("mediaType", MANIFEST)))
            return Answer(200, text, {"Content-Type": kind, "Docker-Content-Digest": digest(text)})
        m = re.fullmatch(r"/v2/(.+)/blobs/(sha256:.+)", path)
        if m and m.group(2) in self.image.blobs:
            return self.part(handler, self.image.blobs[m.group(2)])
        return Answer(404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"no such thing"}]}')

    def part(self, handler, data):
        m = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))
        if not m or not self.ranges:
            return Answer(200, data, {"Content-Type": "application/octet-stream"})
        first, last = int(m.group(1)), int(m.group(2) or len(data) - 1)
        return Answer(206, data[first:last + 1], {"Content-Range": f"bytes {first}-{last}/{len(data)}"})
