#!/bin/sh
# Patroni's on_role_change: pgbouncer forgets what it knew of the PostgreSQL beside it.
#
# pgbouncer tells a client at login whether the server is a standby, as it was when pgbouncer last connected. Without this
# a promoted standby would be passed over by target_session_attrs, and clients of a demoted primary would stay on it.
# Arguments: the folder of both sockets; then Patroni's own: the action, the new role, the cluster.
# Runs as the user of pgbouncer, PostgreSQL and Patroni (postgres), who is pgbouncer's administrator on its socket.
run=$1
role=$3
case $role in
  master | primary) wanted=f ;;
  *) wanted=t ;;
esac
tries=0
while [ $tries -lt 300 ]; do
  found=$(psql -h "$run" -U postgres -d postgres -Atc 'SELECT pg_is_in_recovery()' 2>/dev/null)
  if [ "$found" = "$wanted" ]; then
    exec psql -h "$run" -p 6432 -U pgbouncer -d pgbouncer -c 'RECONNECT register' -c 'KILL register' -c 'RESUME register'
  fi
  tries=$((tries + 1))
  sleep 0.2
done
exit 1
