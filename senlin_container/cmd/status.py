"""senlin-container-status: whether this release can run on what is there (oslo.upgradecheck)."""

from __future__ import annotations

import sys

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from senlin_container import conf as options
from senlin_container.cmd import compose
from senlin_container.store import schema


class Checks(upgradecheck.UpgradeCommands):
    """The checks of ``upgrade check``."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__()
        self._conf = conf

    def _check_schema(self) -> upgradecheck.Result:
        """The database must have the schema of this release."""
        try:
            found, wanted = self._version(), schema.newest()
        except compose.TROUBLE as exc:
            return upgradecheck.Result(upgradecheck.Code.FAILURE, compose.told(exc))
        if found == wanted:
            return upgradecheck.Result(upgradecheck.Code.SUCCESS)
        return upgradecheck.Result(
            upgradecheck.Code.FAILURE,
            f"The database is at {found or 'none'}, this release wants {wanted}: run senlin-container-manage db_sync.",
        )

    def _version(self) -> str | None:
        database = compose.open_database(self._conf, compose.state_directory(self._conf))
        try:
            return schema.version(database)
        finally:
            database.close()

    _upgrade_checks = (("Schema of the database", _check_schema),)


def main() -> int:
    """Run ``upgrade check``; returns the exit status."""
    conf = cfg.ConfigOpts()
    options.register(conf)
    try:
        return int(upgradecheck.main(conf, project="senlin-container", upgrade_command=Checks(conf)))
    except compose.TROUBLE as exc:
        print(f"senlin-container-status: {compose.told(exc)}", file=sys.stderr)
        return 255


if __name__ == "__main__":
    sys.exit(main())
