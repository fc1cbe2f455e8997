"""An image for the demo: from the public registry, or made of busybox where that is out of reach."""

from __future__ import annotations

import contextlib
import io
import pathlib
import shutil
import socket
import subprocess
import tarfile
from typing import Any

import demo_client
import docker
import docker.errors

IMAGE = "senlin-container-demo:latest"
PUBLIC_IMAGE = "busybox:stable"


def get_image(engine: docker.APIClient) -> tuple[str, str, bool]:
    """Return an image that can serve HTTP, where it comes from, and whether it was brought only now."""
    for image in (IMAGE, PUBLIC_IMAGE):
        with contextlib.suppress(docker.errors.ImageNotFound):
            engine.inspect_image(image)
            return image, f"the image {image} is there already", False
    with contextlib.suppress(docker.errors.APIError, OSError):
        # Asked first, because the engine may take minutes to give up.
        socket.create_connection(("registry-1.docker.io", 443), timeout=3).close()
        engine.pull(PUBLIC_IMAGE)
        return PUBLIC_IMAGE, f"the image {PUBLIC_IMAGE} comes from the public registry", True
    build_image(engine)
    return IMAGE, f"no image registry can be reached: built {IMAGE} from this machine's static busybox", True


def build_image(engine: docker.APIClient) -> None:
    """Make an image of nothing but busybox."""
    path = shutil.which("busybox")
    if path is None:
        raise demo_client.Failed(
            "no image registry can be reached and there is no busybox to make an image of: install busybox-static"
        )
    binary = pathlib.Path(path).read_bytes()
    commands = subprocess.run([path, "--list"], check=True, capture_output=True, text=True).stdout.split()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for directory in ("bin", "etc", "tmp"):
            tar.addfile(_entry(directory, type=tarfile.DIRTYPE, mode=0o1777 if directory == "tmp" else 0o755))
        tar.addfile(_entry("bin/busybox", mode=0o755, size=len(binary)), io.BytesIO(binary))
        for command in commands:
            if command != "busybox":
                tar.addfile(_entry(f"bin/{command}", type=tarfile.SYMTYPE, linkname="busybox"))
        passwd = b"root:x:0:0:root:/:/bin/sh\n"
        tar.addfile(_entry("etc/passwd", mode=0o644, size=len(passwd)), io.BytesIO(passwd))
    repository, tag = IMAGE.split(":")
    engine.import_image_from_data(
        archive.getvalue(), repository=repository, tag=tag, changes=["ENV PATH=/bin", 'CMD ["sh"]']
    )


def _entry(name: str, **fields: Any) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry
