"""What the tests' own Superset is told: one machine, one process, nothing that needs a broker or a cache."""

import os

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db?check_same_thread=false"
TALISMAN_ENABLED = False
LOG_LEVEL = "WARNING"
