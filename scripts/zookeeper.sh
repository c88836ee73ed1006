#!/usr/bin/env bash
# zookeeper.sh PORT FOLDER: becomes Debian's ZooKeeper, one server at 127.0.0.1:PORT that keeps its data in FOLDER.
set -euo pipefail
port=$1 folder=$2
cat >"$folder/zoo.cfg" <<TEXT
clientPort=$port
clientPortAddress=127.0.0.1
dataDir=$folder
tickTime=500
minSessionTimeout=1000
maxSessionTimeout=60000
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=*
TEXT
cd "$folder"
# In a session of its own: Ctrl-C reaches the script that stops it, and not it.
exec setsid java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true \
    -cp "$folder:/usr/share/java/zookeeper.jar" org.apache.zookeeper.server.quorum.QuorumPeerMain zoo.cfg
