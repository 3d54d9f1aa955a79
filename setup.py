"""What pyproject.toml cannot say: a wheel has the functions' folders as data of the package that deploys them."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class WithFunctions(build_py):
    """Copies `lambdas/<function>/*.py` and their pinned requirements into the package."""

    def run(self) -> None:
        """Build the packages, then add the data."""
        super().run()
        for source in (*ROOT.glob("lambdas/*/handler.py"), ROOT / "lambdas/requirements.txt"):
            target = Path(self.build_lib, "distributary_cdk", source.relative_to(ROOT))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


setup(cmdclass={"build_py": WithFunctions})
