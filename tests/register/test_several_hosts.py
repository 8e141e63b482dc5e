"""A register that is told of several database hosts (docs/adr/0018); the losses themselves are the soak's."""

from __future__ import annotations

import psycopg

from development.postgresql import OWNER, Cluster, private_cluster
from register.store.engine import make_shared_database
from register.store.postgresql import normal_url
from tests.postgresql import make_empty


def test_of_several_hosts_the_one_that_takes_writes_is_found(cluster: Cluster) -> None:
    make_empty(cluster, "several")
    with private_cluster({"default_transaction_read_only": "on"}, port=5439) as standby:
        writing = f"{standby.conninfo()} options='-c default_transaction_read_only=off'"
        with psycopg.connect(writing, autocommit=True) as connection:
            connection.execute("CREATE DATABASE several")
        nobody = f"host={standby.folder}:5999"
        hosts = f"{nobody}&host={standby.folder}:{standby.port}&host={cluster.folder}:{cluster.port}"
        url = normal_url(f"postgresql://{OWNER}@/several?{hosts}&target_session_attrs=read-write&tcp_user_timeout=6000")
        database = make_shared_database(url)
        with database.write() as transaction:
            found = transaction.exec_driver_sql("SHOW port").scalar_one()
        database.close()
    assert found == str(cluster.port)
