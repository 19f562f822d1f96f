# SPDX-License-Identifier: Apache-2.0
"""Requests about images whose answers must be Docker's, as scenario.py has them for the rest."""
import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import urllib.parse

import images
import scenario

FULL = {
    "User": "user:2000", "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "Env": ["PATH=/bin", "A=two words"], "Entrypoint": ["/bin/busybox"],
    "Cmd": ["sh"], "Volumes": {"/data": {}}, "WorkingDir": "/tmp", "Labels": {"one": "1", "empty": ""}, "StopSignal": "SIGUSR1",
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 3600000000000}, "OnBuild": ["RUN true"], "Shell": ["/bin/sh", "-c"],
}


def parts(base):
    """The images, made on the layer `base` (bytes of a tar archive with a busybox in it)."""
    second = images.tar([("second/", None), ("second/file", b"2" * 5000), (".wh.www", b"")])
    third = images.tar([("third", b"3" * 700)])
    history = [{"created": "2001-02-03T04:05:06.789Z", "created_by": "made"},
               {"created": "2001-02-03T04:05:07Z", "created_by": "CMD", "empty_layer": True, "comment": "nothing"},
               {"created": "2002-02-03T04:05:06Z", "created_by": "second"}]
    one = images.Image(["imga:1", "imga:2", "other.example:5000/x/imga:1"], [base], {"Cmd": ["sleep", "600"], "Env": ["PATH=/bin"], "Labels": {"one": "other"}})
    two = images.Image(["imgb:1"], [base, second], FULL, created="2002-02-03T04:05:06Z", history=history, author="somebody", comment="the comment",
                       docker_version="99.1", variant="v3")
    nameless = images.Image([], [base, third], created="2003-02-03T04:05:06Z")
    arm = images.Image(["imgm:1"], [images.tar([("arm", b"x")])], architecture="arm64")
    amd = images.Image(["imgm:1"], [images.tar([("amd", b"x")])])
    return {"base": base, "second": second, "third": third, "one": one, "two": two, "nameless": nameless, "arm": arm, "amd": amd}


def known(p):
    """{64 digits: what they are}: digests that the requests and the answers share."""
    out = {}
    for name in ("base", "second", "third"):
        out[images.digest(p[name])[7:]] = f"<layer {name}>"
    for name in ("one", "two", "nameless", "arm", "amd"):
        out[p[name].id[7:]] = f"<image {name}>"
    return out


def filters(**f):
    return "filters=" + urllib.parse.quote(json.dumps({k.rstrip("_").replace("NOT", "!"): v for k, v in f.items()}))


def small(name="f"):
    return images.tar([(name, b"hello"), ("bin/", None)])


def archive_view(body):
    """What a saved archive holds: members, and the JSON of those that are not layers. Manifests are called after the image. What Docker
    writes besides for versions of itself before 1.10 (a configuration for each layer, under made-up ids) is left out."""
    out = {}
    with tarfile.open(fileobj=io.BytesIO(body)) as t:
        for m in t.getmembers():
            data = t.extractfile(m).read() if m.isreg() else b""
            name = m.name
            try:
                what = json.loads(data)
            except ValueError:
                what = "layer" if m.isreg() else "directory"
            if isinstance(what, dict) and "container_config" in what and "rootfs" not in what:
                continue
            if isinstance(what, dict) and "config" in what and "layers" in what:
                name = "manifest of " + what["config"]["digest"]
            out[name] = {"is": what, "as": f"{m.mode:o} {m.uid} {m.gid} {m.type.decode()}"}
    repositories = out.get("repositories")
    if repositories:
        repositories["is"] = {name: sorted(tags) for name, tags in repositories["is"].items()}
    # Docker writes images in the order of a Go map: any.
    out["index.json"]["is"]["manifests"].sort(key=lambda m: json.dumps(m.get("annotations"), sort_keys=True))
    out["manifest.json"]["is"].sort(key=lambda m: str(m["RepoTags"]))
    return out


def lines_view(body):
    """A stream of messages, without how far bars are."""
    out = []
    for line in body.decode().splitlines():
        m = json.loads(line)
        if not m.get("progressDetail"):
            m.pop("id", None)
            out.append(m)
    return out


def steps(p):
    everything = images.docker_archive(p["one"], p["two"], p["nameless"])
    broken = images.docker_archive(p["one"]).replace(b'"Layers"', b'"Lay3rs"')
    missing = images.tar([("manifest.json", json.dumps([{"Config": "x.json", "RepoTags": ["a:1"], "Layers": ["y"]}]))])
    yield from [
        ("load", "POST", "/images/load?quiet=1", everything, lines_view),
        ("load again", "POST", "/images/load?quiet=1", everything, lines_view),
        ("load garbage", "POST", "/images/load?quiet=1", b"garbage" * 1000),
        ("load nothing", "POST", "/images/load?quiet=1", b""),
        ("load without manifest", "POST", "/images/load?quiet=1", small()),
        ("load missing members", "POST", "/images/load?quiet=1", missing),
        ("load broken manifest", "POST", "/images/load?quiet=1", broken),
        ("list", "GET", "/images/json", None),
        ("list all", "GET", "/images/json?all=1", None),
        ("list shared size", "GET", "/images/json?shared-size=1", None),
        ("list digests", "GET", "/images/json?digests=1", None),
        ("list manifests", "GET", "/images/json?manifests=1", None),
    ]
    for name, f in {
        "dangling": {"dangling": ["true"]}, "not dangling": {"dangling": ["false"]}, "dangling badly": {"dangling": ["perhaps"]},
        "dangling both": {"dangling": ["true", "false"]}, "label": {"label": ["one"]}, "label value": {"label": ["one=1"]}, "two labels": {"label": ["one=1", "empty"]},
        "label not": {"labelNOT": ["one"]}, "before": {"before": ["imgb:1"]}, "since": {"since": ["imgb:1"]}, "since unknown": {"since": ["nosuch"]},
        "before two": {"before": ["imga:1", "imgb:1"]}, "reference": {"reference": ["imga"]}, "reference tag": {"reference": ["imga:1"]},
        "reference stars": {"reference": ["img*:*"]}, "reference host": {"reference": ["other.example:5000/*/imga"]},
        "reference two": {"reference": ["imga:2", "imgb"]}, "reference bad": {"reference": ["[a"]}, "reference id": {"reference": [p["one"].id]},
        "until": {"until": ["2002-01-01T00:00:00Z"]}, "until badly": {"until": ["someday"]}, "until two": {"until": ["1h", "2h"]}, "nosuch": {"nosuch": ["x"]},
    }.items():
        yield "list " + name, "GET", "/images/json?" + filters(**f), None
    yield from [
        ("inspect", "GET", "/images/imgb:1/json", None),
        ("inspect one", "GET", "/images/imga:2/json", None),
        ("inspect id", "GET", f"/images/{p['two'].id}/json", None),
        ("inspect hex", "GET", f"/images/{p['two'].id[7:]}/json", None),
        ("inspect short", "GET", f"/images/{p['two'].id[7:19]}/json", None),
        ("inspect prefix", "GET", f"/images/{p['two'].id[:19]}/json", None),
        ("inspect nameless", "GET", f"/images/{p['nameless'].id}/json", None),
        ("inspect platform", "GET", "/images/imgb:1/json?platform=" + urllib.parse.quote('{"os":"linux","architecture":"amd64","variant":"v3"}'), None),
        ("inspect other platform", "GET", "/images/imgb:1/json?platform=" + urllib.parse.quote('{"os":"linux","architecture":"s390x"}'), None),
        ("inspect bad platform", "GET", "/images/imgb:1/json?platform=linux/s390x", None),
        ("inspect manifests", "GET", "/images/imgb:1/json?manifests=1", None),
        ("inspect manifests and platform", "GET", "/images/imgb:1/json?manifests=1&platform=" + urllib.parse.quote('{"os":"linux","architecture":"amd64"}'), None),
        ("inspect index", "GET", "/images/imgm:1/json", None),
        ("inspect no tag", "GET", "/images/imgb/json", None),
        ("inspect unknown", "GET", "/images/nosuch@sha256:" + "0" * 64 + "/json", None),
        ("inspect unknown id", "GET", "/images/" + "0" * 64 + "/json", None),
        ("inspect bad name", "GET", "/images/a:b:c/json", None),
        ("history", "GET", "/images/imgb:1/history", None),
        ("history platform", "GET", "/images/imgb:1/history?platform=" + urllib.parse.quote('{"os":"linux","architecture":"arm64"}'), None),
        ("history unknown", "GET", "/images/nosuch/history", None),
        ("tag", "POST", "/images/imgb:1/tag?repo=tagged", None),
        ("tag again", "POST", "/images/imgb:1/tag?repo=tagged&tag=latest", None),
        ("tag in repo", "POST", "/images/imgb:1/tag?repo=tagged:x", None),
        ("tag takes over", "POST", "/images/imga:1/tag?repo=tagged&tag=x", None),
        ("tag upper", "POST", "/images/imgb:1/tag?repo=UPPER&tag=x", None),
        ("tag bad tag", "POST", "/images/imgb:1/tag?repo=a&tag=-x", None),
        ("tag long tag", "POST", "/images/imgb:1/tag?repo=a&tag=" + "x" * 129, None),
        ("tag digest", "POST", "/images/imgb:1/tag?repo=a@sha256:" + "0" * 64, None),
        ("tag hex", "POST", "/images/imgb:1/tag?repo=" + "0" * 64, None),
        ("tag nothing", "POST", "/images/imgb:1/tag", None),
        ("tagged list", "GET", "/images/json", None),
        ("stopped user", "POST", "/containers/create?name=imgstopped", {"Image": "imga:1"}),
        ("remove used", "DELETE", "/images/imga:1", None),
        ("remove used id", "DELETE", f"/images/{p['one'].id}", None),
        ("remove used short id forced", "DELETE", f"/images/{p['two'].id[7:19]}", None),
        ("running user", "POST", "/containers/create?name=imgrunning", {"Image": "imga:2"}),
        ("running", "POST", "/containers/imgrunning/start", None),
        ("remove running id forced", "DELETE", f"/images/{p['one'].id}?force=1", None),
        ("remove running tag", "DELETE", "/images/tagged:x", None),
        ("remove running tag forced", "DELETE", "/images/imga:2?force=1", None),
        ("remove running other", "DELETE", "/images/other.example:5000/x/imga:1", None),
        ("running other", "POST", "/images/" + p["one"].id + "/tag?repo=imga&tag=1", None),
        ("remove running last", "DELETE", "/images/imga:1", None),
        ("remove running last forced", "DELETE", "/images/imga:1?force=1", None),
        ("running nameless", "GET", "/containers/json", None),
        ("running inspect", "GET", f"/images/{p['one'].id}/json", None),
        ("prune with running", "POST", "/images/prune", None),
        ("remove containers 1", "DELETE", "/containers/imgrunning?force=1", None),
        ("remove nameless used id", "DELETE", f"/images/{p['one'].id}", None),
        ("remove containers 2", "DELETE", "/containers/imgstopped?force=1", None),
        ("remove nameless id", "DELETE", f"/images/{p['one'].id}", None),
        ("remove unknown id", "DELETE", f"/images/{p['one'].id}", None),
        ("remove bad name", "DELETE", "/images/UPPER", None),
        ("remove with digest", "DELETE", "/images/imgb@sha256:" + "0" * 64, None),
        ("retag", "POST", "/images/imgb:1/tag?repo=second.example/imgb", None),
        ("remove by id, two repositories", "DELETE", f"/images/{p['two'].id}", None),
        ("remove by id forced", "DELETE", f"/images/{p['two'].id}?force=1&noprune=1", None),
        ("load for prune", "POST", "/images/load?quiet=1", everything, lines_view),
    ]
    for name, f in {"bad value": {"dangling": ["x"]}, "bad name": {"nosuch": ["x"]}, "label": {"label": ["nosuch"]}, "label not": {"labelNOT": ["nosuch"], "until": ["2002-12-01T00:00:00"]},
                    "until": {"until": ["2002-12-01T00:00:00"]}, "until twice": {"until": ["1h", "2h"]}, "dangling": {"dangling": ["true"]}, "again": {},
                    "all label": {"dangling": ["false"], "label": ["empty"]}, "all label not": {"dangling": ["false"], "labelNOT": ["one=other"]}}.items():
        yield "prune " + name, "POST", "/images/prune?" + filters(**f), None
    yield from [
        ("list after prune", "GET", "/images/json?all=1", None),
        ("df", "GET", "/system/df", None),
        ("df images", "GET", "/system/df?type=image", None),
        ("df bad type", "GET", "/system/df?type=nosuch", None),
    ]
    changes = ["CMD [\"a\",\"b\"]", "CMD echo hi", "ENTRYPOINT [\"x\"]", "ENV A=1 B=\"two words\"", "ENV OLD old style", "EXPOSE 80 53/udp 90-92/tcp", "LABEL a=b \"c d\"='e f'",
               "USER x:y", "VOLUME /a /b", "VOLUME [\"/c\"]", "WORKDIR /w", "WORKDIR rel", "STOPSIGNAL 9", "HEALTHCHECK --interval=3s --retries=2 CMD true", "HEALTHCHECK NONE",
               "ONBUILD RUN x", "SHELL [\"/bin/x\"]", "MAINTAINER me", "RUN x", "FROM y", "nonsense", "STOPSIGNAL nosuch", "EXPOSE x", "LABEL", "WORKDIR", "CMD", "ENV X",
               "COPY a b", "ONBUILD FROM x", "HEALTHCHECK x", "USER", "ENTRYPOINT sh -c \"x y\"", "CMD [not json", "ENV A=$B C=${C:-d}"]
    for change in changes:
        yield "import " + change, "POST", "/images/create?fromSrc=-&repo=imported&changes=" + urllib.parse.quote(change), small()
        yield "imported " + change, "GET", "/images/imported/json", None
        yield "import gone " + change, "DELETE", "/images/imported?force=1", None
    yield from [
        ("import plain", "POST", "/images/create?fromSrc=-&repo=imported&tag=p&message=said", small()),
        ("import plain inspect", "GET", "/images/imported:p/json", None),
        ("import plain history", "GET", "/images/imported:p/history", None),
        ("import arm", "POST", "/images/create?fromSrc=-&repo=imported&tag=arm&platform=linux/arm/v7", small()),
        ("import arm inspect", "GET", "/images/imported:arm/json", None),
        ("import windows", "POST", "/images/create?fromSrc=-&repo=imported&tag=w&platform=windows", small()),
        ("import bad platform", "POST", "/images/create?fromSrc=-&repo=imported&tag=w&platform=a/b/c/d", small()),
        ("import digest", "POST", "/images/create?fromSrc=-&repo=a@sha256:" + "0" * 64, small()),
        ("import upper", "POST", "/images/create?fromSrc=-&repo=UPPER", small()),
        ("import gzip", "POST", "/images/create?fromSrc=-&repo=imported&tag=gz", gzip.compress(small())),
        ("import xz", "POST", "/images/create?fromSrc=-&repo=imported&tag=xz", lzma.compress(small())),
        ("import bzip2", "POST", "/images/create?fromSrc=-&repo=imported&tag=bz2", bz2.compress(small())),
        ("import garbage", "POST", "/images/create?fromSrc=-&repo=imported&tag=no", b"garbage" * 1000),
        ("import nothing", "POST", "/images/create?fromSrc=-&repo=imported&tag=no", b""),
    ]
    yield from saved(p)
    yield from committed()


def saved(p):
    yield from [
        ("load to save", "POST", "/images/load?quiet=1", images.docker_archive(p["one"], p["two"], p["nameless"]), lines_view),
        ("save", "GET", "/images/imgb:1/get", None, archive_view),
        ("save two", "GET", "/images/get?names=imgb:1&names=imga:1", None, archive_view),
        ("save repository", "GET", "/images/get?names=imga", None, archive_view),
        ("save id", "GET", f"/images/get?names={p['one'].id}", None, archive_view),
        ("save nameless", "GET", f"/images/{p['nameless'].id[7:19]}/get", None, archive_view),
        ("save unknown", "GET", "/images/nosuch/get", None),
        ("save one unknown", "GET", "/images/get?names=imgb:1&names=nosuch", None),
        ("save nothing", "GET", "/images/get", None),
        ("save platform", "GET", "/images/get?names=imgb:1&platform=" + urllib.parse.quote('{"os":"linux","architecture":"amd64","variant":"v3"}'), None, archive_view),
        ("save other platform", "GET", "/images/get?names=imgb:1&platform=" + urllib.parse.quote('{"os":"linux","architecture":"s390x"}'), None),
        ("save bad platform", "GET", "/images/get?names=imgb:1&platform=linux/amd64", None),
        ("load platform", "POST", "/images/load?quiet=1&platform=" + urllib.parse.quote('{"os":"linux","architecture":"amd64"}'), images.docker_archive(p["one"]), lines_view),
        ("load other platform", "POST", "/images/load?quiet=1&platform=" + urllib.parse.quote('{"os":"linux","architecture":"s390x"}'), images.docker_archive(p["one"]), lines_view),
        ("load bad platform", "POST", "/images/load?quiet=1&platform=linux/amd64", small()),
    ]


def committed():
    body = {"Env": ["ADDED=1"], "Labels": {"from": "body"}, "Cmd": ["body"]}
    yield from [
        ("commit box", "POST", "/containers/create?name=imgbox", {"Image": "imgb:1", "Cmd": ["sh", "-c", "echo x > /new; rm -r /etc; exec sleep 600"], "Labels": {"run": "yes"}}),
        ("commit start", "POST", "/containers/imgbox/start", None),
        ("commit", "POST", "/commit?container=imgbox&repo=committed&tag=1&author=me%20too&comment=why", None),
        ("commit inspect", "GET", "/images/committed:1/json", None),
        ("commit history", "GET", "/images/committed:1/history", None),
        ("commit list", "GET", "/images/json?" + filters(reference=["committed"]), None),
        ("commit body", "POST", "/commit?container=imgbox&repo=committed&tag=2&pause=0", body),
        ("commit body inspect", "GET", "/images/committed:2/json", None),
        ("commit changes", "POST", "/commit?container=imgbox&repo=committed&tag=3&changes=" + urllib.parse.quote("ENV A=2\nCMD [\"y\"]") + "&changes=" + urllib.parse.quote("LABEL x=y"), None),
        ("commit changes inspect", "GET", "/images/committed:3/json", None),
        ("commit bad change", "POST", "/commit?container=imgbox&repo=committed&tag=4&changes=RUN%20x", None),
        ("commit bad name", "POST", "/commit?container=imgbox&repo=UPPER", None),
        ("commit unknown", "POST", "/commit?container=nosuch&repo=committed", None),
        ("commit nothing", "POST", "/commit?repo=committed", None),
        ("commit nameless", "POST", "/commit?container=imgbox", None),
        ("commit nameless inspect", "GET", "/images/json?" + filters(dangling=["true"]), None),
        ("commit remove parent", "DELETE", "/images/imgb:1", None),
        ("commit remove parent forced", "DELETE", "/images/imgb:1?force=1", None),
        ("commit remove", "DELETE", "/images/committed:2", None),
        ("export unknown", "GET", "/containers/nosuch/export", None),
        ("commit box gone", "DELETE", "/containers/imgbox?force=1&v=1", None),
        ("_clean up", "POST", "/images/prune?" + filters(dangling=["false"]), None),
    ]


def say(body, names):
    """The answer with the digests we know named, and without Docker's temporary names."""
    body = re.sub(r"docker-import-\d+", "docker-import-<n>", body)
    return re.sub(r"\b[0-9a-f]{64}\b", lambda m: names.get(m.group(0), m.group(0)), body)


def view_of(answer, view, names):
    if view and answer.status == 200:
        text = json.dumps(view(answer.body))
    else:
        text = answer.body.decode("utf-8", "replace")
    text = say(text, names)
    for digits, name in names.items():
        text = text.replace(digits[:12], name[:-1] + " in short>")
    try:
        return scenario.normal(json.loads(text))
    except ValueError:
        return scenario.HEX.sub("<id>", text)


def run(engine, base):
    """As scenario.run(); `base` is the tar archive of a busybox."""
    p = parts(base)
    names, out = known(p), {}
    for name, method, path, body, *view in steps(p):
        headers = {"Content-Type": "application/x-tar"} if isinstance(body, bytes) else {"Content-Type": "application/json"} if body is not None else {}
        answer = engine.request(method, "/v1.51" + path, body, headers=headers)
        if not name.startswith("_"):
            out[name] = {"status": answer.status, "body": view_of(answer, view[0] if view else None, names)}
    return out
